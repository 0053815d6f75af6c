"""The technical tables: what runs did and who was in which segment, as tables with a schema that holds, for tools of others."""
