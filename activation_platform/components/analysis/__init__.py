"""What is told of a segment beside its rows: breakdowns, overlap, turnover and the history of its members."""
