//! SignertKryptertBundle: seal and open.
