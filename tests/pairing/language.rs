//! The language beyond the shipped rules: what a user may write, too.
