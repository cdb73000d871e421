//! A make-believe world that really works.
