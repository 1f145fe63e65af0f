//! A code in parts on a terminal: frame after frame in the same place, until Enter is pressed or time is up.

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a frame stands: as long as in the moving pictures that are written into files.
const PAUSE: Duration = Duration::from_millis(250);
/// Nobody films for longer than two minutes.
const MOST_SHOWN: usize = 480;
/// Erase everything and begin at the top; begin at the top; show the cursor and erase what stands below it.
const CLEAR: &str = "\u{1b}[?25l\u{1b}[2J\u{1b}[H";
const TOP: &str = "\u{1b}[H";
const END: &str = "\u{1b}[J\u{1b}[?25h";

/// One frame as half-blocks, with what stands below it.
#[derive(Debug, Clone)]
pub(crate) struct Still {
    pub(crate) picture: String,
    pub(crate) caption: String,
}

/// Whether somebody sees frames change and can press a key.
pub(crate) fn somebody_films() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Shows the frames in turn on standard output.
pub(crate) fn play(film: &[Still]) -> io::Result<()> {
    let (pressed, key) = mpsc::channel();
    // It waits for a line as long as the program lives; what is never read needs no end.
    thread::spawn(move || {
        let _ = io::stdin().read_line(&mut String::new());
        let _ = pressed.send(());
    });
    show(film, &mut anstream::stdout(), &key, PAUSE, MOST_SHOWN).map(|_| ())
}

fn show(
    film: &[Still],
    out: &mut impl Write,
    key: &Receiver<()>,
    pause: Duration,
    most: usize,
) -> io::Result<usize> {
    out.write_all(CLEAR.as_bytes())?;
    let mut shown = 0_usize;
    for Still { picture, caption } in film.iter().cycle().take(most) {
        writeln!(out, "{TOP}{picture}{caption} · Enter ends\u{1b}[K")?;
        out.flush()?;
        shown = shown.saturating_add(1);
        // A closed standard input is nobody's key.
        match key.recv_timeout(pause) {
            Ok(()) => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(pause),
        }
    }
    out.write_all(END.as_bytes())?;
    out.flush()?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film() -> Vec<Still> {
        ["1 of 2", "2 of 2"].map(|caption| Still { picture: "▀▄\n".into(), caption: caption.into() }).to_vec()
    }

    #[test]
    fn frames_follow_each_other_until_time_is_up() {
        let (_pressed, key) = mpsc::channel();
        let mut out = Vec::new();
        assert_eq!(show(&film(), &mut out, &key, Duration::ZERO, 5).unwrap(), 5);
        let out = String::from_utf8(out).unwrap();
        assert_eq!((out.matches("1 of 2").count(), out.matches("2 of 2").count()), (3, 2));
        assert!(out.ends_with(END));
    }

    #[test]
    fn a_key_ends_it() {
        let (pressed, key) = mpsc::channel();
        pressed.send(()).unwrap();
        let shown = show(&film(), &mut Vec::new(), &key, Duration::from_secs(60), 5).unwrap();
        assert_eq!(shown, 1);
    }
}
