pub mod app;
pub mod model;
