//! Every form of a picture is read back by a reader that had no part in drawing it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use hazel_qr::picture::{Level, Logo, Picture, PictureRefusal, QUIET_ZONE, Sheet};

fn read(side: usize, shade: impl Fn(usize, usize) -> u8) -> Option<String> {
    let mut frame = rqrr::PreparedImage::prepare_from_greyscale(side, side, shade);
    frame.detect_grids().first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
}

/// Colours every module of an SVG made of `Mx yhwv1h-wz` runs.
fn paint(svg: &str, side: usize) -> Vec<bool> {
    let path = svg.split("fill=\"#000\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (wide, _) = rest.split_once('v').unwrap();
        let (x, y, wide): (usize, usize, usize) =
            (x.parse().unwrap(), y.parse().unwrap(), wide.parse().unwrap());
        dark[y * side + x..y * side + x + wide].fill(true);
    }
    dark
}

#[test]
fn png_is_read_back_and_is_one_bit_black_on_white() {
    let picture = Picture::fixed("HZ:SOMETHING TO READ", Level::SCREEN).unwrap();
    let file = picture.png(5).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::One);
    let side = info.width as usize;
    assert_eq!(side, usize::from(picture.outer_side()) * 5);
    let white = |x: usize, y: usize| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1;
    let margin = usize::from(QUIET_ZONE) * 5;
    for along in 0..side {
        for into in 0..margin {
            let (far, last) = (side - 1 - into, along);
            assert!(white(into, last) && white(far, last) && white(last, into) && white(last, far));
        }
    }
    assert!(!white(margin, margin), "the corner of the finder is black");
    let text = read(side, |x, y| if white(x, y) { 255 } else { 0 });
    assert_eq!(text.as_deref(), Some("HZ:SOMETHING TO READ"));
}

#[test]
fn svg_and_terminal_show_the_same_modules_as_the_raw_ones() {
    let picture = Picture::fixed("the same everywhere", Level::M).unwrap();
    let outer = usize::from(picture.outer_side());
    let painted = paint(&picture.svg(), outer);
    let terminal = picture.terminal();
    let rows: Vec<Vec<char>> = terminal
        .lines()
        .map(|line| {
            let cells = line.strip_prefix("\u{1b}[38;5;16;48;5;231m").unwrap();
            cells.strip_suffix("\u{1b}[0m").unwrap().chars().collect()
        })
        .collect();
    let quiet = usize::from(QUIET_ZONE);
    let mut black = 0;
    for y in 0..outer {
        for x in 0..outer {
            let inside = x >= quiet && y >= quiet && x < outer - quiet && y < outer - quiet;
            let side = usize::from(picture.side());
            let raw = inside && picture.modules()[(y - quiet) * side + x - quiet];
            let cell = rows[y / 2][x];
            let shown = if y % 2 == 0 { "█▀" } else { "█▄" }.contains(cell);
            assert_eq!((painted[y * outer + x], shown), (raw, raw), "module {x},{y}");
            black += usize::from(raw);
        }
    }
    assert!(black > 200, "an empty picture would agree with itself");
}

#[test]
fn the_version_is_reported_and_capped() {
    let small = Picture::fixed("HZ:A", Level::L).unwrap();
    assert_eq!((small.version(), small.side(), small.outer_side()), (1, 21, 29));
    let full = "A".repeat(395);
    let largest = Picture::fixed(&full, Level::L).unwrap();
    assert_eq!((largest.version(), largest.side()), (10, 57));
    let over = "A".repeat(396);
    assert_eq!(
        Picture::fixed(&over, Level::L),
        Err(PictureRefusal::TooLong { bytes: 396, most: 10, level: Level::L })
    );
    assert_eq!(Picture::within(&over, Level::L, 11).unwrap().version(), 11);
    let bomb = vec![b'A'; 4 << 20];
    assert!(matches!(Picture::within(&bomb, Level::L, 40), Err(PictureRefusal::TooLong { .. })));
}

#[test]
fn a_picture_beyond_any_screen_is_refused() {
    let picture = Picture::fixed("A", Level::L).unwrap();
    assert_eq!(picture.png(0), Err(PictureRefusal::TooLarge(0)));
    assert_eq!(picture.luma(60_000), Err(PictureRefusal::TooLarge(60_000)));
}

#[test]
fn a_logo_needs_level_q_and_is_survived_there() {
    let file = Picture::fixed("logo", Level::L).unwrap().png(1).unwrap();
    let logo = Logo::png(&file).unwrap();
    assert_eq!(Logo::png(b"GIF89a").unwrap_err(), PictureRefusal::LogoNotPng);
    let payload = "https://hazel.example/#v1.AQIDBAUGBwgJCgsMDQ4PEA";
    for level in [Level::L, Level::M] {
        let refused = Picture::fixed(payload, level).unwrap().svg_with_logo(logo);
        assert_eq!(refused, Err(PictureRefusal::LogoNeedsLevelQ(level)));
    }
    for level in [Level::Q, Level::H] {
        let picture = Picture::fixed(payload, level).unwrap();
        let svg = picture.svg_with_logo(logo).unwrap();
        let outer = usize::from(picture.outer_side());
        let mut dark = paint(&svg, outer);
        let window = svg.split("<path fill=\"#fff\" d=\"M").nth(2).unwrap();
        let corner: usize = window.split(' ').next().unwrap().parse().unwrap();
        let hidden: usize = window.split_once('h').unwrap().1.split_once('v').unwrap().0.parse().unwrap();
        assert!(hidden >= 5);
        for row in corner..corner + hidden {
            dark[row * outer + corner..row * outer + corner + hidden].fill(true);
        }
        let text = read(outer * 4, |x, y| if dark[y / 4 * outer + x / 4] { 0 } else { 255 });
        assert_eq!(text.as_deref(), Some(payload));
    }
}

#[test]
fn a_sheet_carries_the_code_at_print_level_and_escaped_words() {
    let sheet =
        Sheet { title: "Bakery <Oak> & Sons", amount: Some("12.50 CHIP"), text: "two loaves\ntable 7" };
    let page = sheet.svg("HZ:INVOICE").unwrap();
    for expected in
        ["width=\"148mm\"", "Bakery &lt;Oak&gt;", "&amp;<", ">Sons<", "12.50 CHIP", "two loaves", "table 7"]
    {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("<Oak>"));
    let code = Picture::fixed("HZ:INVOICE", Level::PRINT).unwrap();
    let outer = usize::from(code.outer_side());
    let dark = paint(&page, outer);
    let text = read(outer * 4, |x, y| if dark[y / 4 * outer + x / 4] { 0 } else { 255 });
    assert_eq!(text.as_deref(), Some("HZ:INVOICE"));
    assert!(sheet.svg(vec![0xff; 400]).is_err(), "a sheet never carries a code that paper cannot");
}

#[test]
fn a_cut_amount_says_so_and_hidden_directions_are_dropped() {
    let sheet = Sheet { title: "a\u{202e}b", amount: Some("1234567890123456789.00 CHIP"), text: "" };
    let page = sheet.svg("x").unwrap();
    assert!(page.contains("12345678901234567…") && page.contains(">ab<"), "{page}");
}
