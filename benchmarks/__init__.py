"""Speed and memory, as ratios against a stated limit or a peer measured in the same run."""
