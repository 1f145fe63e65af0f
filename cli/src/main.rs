//! Hazel in a terminal: a wallet for private mutual credit.

mod bench;
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
mod homeward;
mod lettering;
mod page;
mod parcel;
mod partner;
mod premises;
mod progress;
mod record;
mod running;
mod screen;
mod table;
mod trouble;
mod typed;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(command::run(std::env::args_os()))
}
