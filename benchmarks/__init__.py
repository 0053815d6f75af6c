"""The measured promises: `python -m benchmarks` measures every figure, `python -m benchmarks NAME…` some of them."""
