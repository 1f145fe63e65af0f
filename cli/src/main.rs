//! Hazel in a terminal: a wallet for private mutual credit.

mod calendar;
mod camera;
mod canvas;
mod card;
mod command;
mod demo;
mod edge;
mod film;
mod guard;
mod home;
mod page;
mod parcel;
mod partner;
mod progress;
mod record;
mod screen;
mod table;
mod trouble;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(command::run(std::env::args_os()))
}
