//! JOSE on aws-lc-rs; HelseID tokens, obtained and verified.
