//! cli
mod broker; mod demo; mod exit; mod headless; mod json; mod out; mod request; mod respond;
