//! An invented base of French addresses of any size, the queries people really type at it with the
//! answers that are right for each, and a judge of who searches. It shares no code with the search
//! that it judges: what it knows of French addresses it knows by itself.

pub mod base;
pub mod cases;
pub mod communes;
mod fit;
mod hamlets;
mod letters;
mod names;
pub mod read;
mod regions;
pub mod rng;
pub mod score;
mod streets;
pub mod text;
mod typing;
mod words;
