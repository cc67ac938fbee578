//! The portal's shell through its public face: error pages, catalogue, headers, static files.

#[cfg(test)]
mod pages;
