"""The repetition ladder (投诉上移制, domain.md 3.4): which report of the same problem moves a matter up."""
