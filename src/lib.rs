pub mod broker;
pub mod model;
