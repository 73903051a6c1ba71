"""The commands, one file per group. Each imports what is heavy inside itself: `cineloom --help` must cost nothing."""
