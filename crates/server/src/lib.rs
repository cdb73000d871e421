//! HTTP for the receiver.
