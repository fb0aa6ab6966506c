"""What tells of runs: the list of stored ones, the transport below, the banner above."""
