"""What API and pages share: errors, callers, what a caller may see."""
