//! Camera frames that never were: codes drawn as a phone would see them, from one seed.
//!
//! Every frame is a code of a given version under blur, noise, rotation, perspective or weak contrast, or all of
//! them a little, with the text it must be read as. Same seed, same pixels.

#![expect(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "a model of optics: floats are its nature, and its sizes are chosen here"
)]

use hazel_qr::picture::{Level, Picture};

/// A generator whose numbers are part of the frames: xorshift64*, never to be exchanged for another.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Different seeds give different frames.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next 32 bits.
    pub fn roll(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    /// Evenly between two bounds.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.roll() as f32 / u32::MAX as f32)
    }

    /// Normal with deviation one, as the sum of twelve even ones.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f32>() - 6.0
    }
}

/// What happened between the code and the sensor.
#[derive(Clone, Copy, Debug)]
pub struct Optics {
    /// Degrees, around the line of sight.
    pub rotation: f32,
    /// How much nearer one edge is than the other, across and down; 0.3 is a hand held askew.
    pub tilt: (f32, f32),
    /// Deviation of the blur in modules.
    pub blur: f32,
    /// Deviation of the noise as a share of the whole range.
    pub noise: f32,
    /// Distance of black and white as a share of the whole range.
    pub contrast: f32,
    /// How much brighter one side of the frame is than the other.
    pub shadow: f32,
    /// The code's side, quiet zone included, as a share of the frame's height.
    pub fill: f32,
}

impl Optics {
    /// A code held straight before a good lens.
    pub const CLEAR: Self = Self {
        rotation: 0.0,
        tilt: (0.0, 0.0),
        blur: 0.0,
        noise: 0.0,
        contrast: 0.9,
        shadow: 0.0,
        fill: 0.8,
    };
}

/// One frame and what must be read from it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What was done to it.
    pub kind: &'static str,
    /// The code's version.
    pub version: u8,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// One byte per pixel, row by row.
    pub luma: Vec<u8>,
    /// The code's text.
    pub text: String,
}

/// The kinds of frames in the evaluation.
pub const KINDS: [&str; 6] = ["blur", "noise", "rotation", "perspective", "contrast", "all"];
/// The versions in it.
pub const VERSIONS: [u8; 3] = [5, 10, 15];
/// The sizes in it.
pub const SIZES: [(usize, usize); 2] = [(640, 480), (1280, 720)];

/// Letters that fill a version at level L without spilling into the next.
fn letters(version: u8) -> usize {
    match version {
        5 => 150,
        10 => 390,
        _ => 750,
    }
}

/// The evaluation's frames: `rounds` of every kind, version and size.
pub fn hard(seed: u64, rounds: u64) -> impl Iterator<Item = Frame> {
    (0..rounds).flat_map(move |round| {
        KINDS.into_iter().flat_map(move |kind| {
            VERSIONS.into_iter().flat_map(move |version| {
                SIZES.into_iter().map(move |size| one(seed ^ (round << 20), kind, version, size))
            })
        })
    })
}

/// The wear that Hazel's own codes bear: a third of a module of blur, ten degrees, three percent of noise.
pub const WORN: Optics = Optics { rotation: 10.0, blur: 0.333, noise: 0.03, fill: 0.8, ..Optics::CLEAR };

/// A code of the length that the ledger signs, in base45, on 480 worn pixels.
#[must_use]
pub fn worn(seed: u64) -> Frame {
    let mut dice = Dice::new(seed);
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let length = 140 + dice.roll() as usize % 252;
    let text: String =
        (0..length).map(|_| char::from(alphabet[dice.roll() as usize % alphabet.len()])).collect();
    frame(&mut dice, "worn", &text, (480, 480), WORN)
}

fn one(seed: u64, kind: &'static str, version: u8, size: (usize, usize)) -> Frame {
    let name = kind.bytes().fold(u64::from(version), |name, byte| name * 31 + u64::from(byte));
    let mut dice = Dice::new(seed ^ (name << 8) ^ size.0 as u64);
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let text: String =
        (0..letters(version)).map(|_| char::from(alphabet[dice.roll() as usize % alphabet.len()])).collect();
    let optics = optics(&mut dice, kind);
    frame(&mut dice, kind, &text, size, optics)
}

fn optics(dice: &mut Dice, kind: &str) -> Optics {
    let mut optics = Optics { fill: dice.between(0.55, 0.9), ..Optics::CLEAR };
    let all = kind == "all";
    optics.rotation = dice.between(-8.0, 8.0);
    optics.blur = dice.between(0.1, 0.25);
    optics.noise = dice.between(0.0, 0.02);
    if kind == "blur" {
        optics.blur = dice.between(0.4, 0.85);
    }
    if kind == "noise" {
        optics.noise = dice.between(0.06, 0.22);
    }
    if kind == "rotation" || all {
        optics.rotation = dice.between(0.0, 360.0);
        optics.fill = optics.fill.min(0.7);
    }
    if kind == "perspective" || all {
        let most = if all { 0.25 } else { 0.5 };
        optics.tilt = (dice.between(-most, most), dice.between(-most, most));
        optics.fill = optics.fill.min(0.7);
    }
    if kind == "contrast" || all {
        optics.contrast = if all { dice.between(0.3, 0.6) } else { dice.between(0.06, 0.25) };
        optics.shadow = dice.between(0.0, if all { 0.3 } else { 0.5 });
        optics.noise = dice.between(0.0, 0.01);
    }
    if all {
        optics.blur = dice.between(0.2, 0.5);
        optics.noise = dice.between(0.01, 0.06);
    }
    optics
}

/// Draws one text as a camera of this size sees it.
///
/// # Panics
/// Where the text fits no code: the caller chose it.
#[must_use]
pub fn frame(dice: &mut Dice, kind: &'static str, text: &str, size: (usize, usize), optics: Optics) -> Frame {
    #[expect(clippy::expect_used, reason = "a generator that draws nothing must not go on")]
    let code = Picture::within(text, Level::L, 40).expect("the text fits a code");
    let luma = seen(dice, &code, size, optics);
    Frame { kind, version: code.version(), width: size.0, height: size.1, luma, text: text.to_owned() }
}

/// A code as a camera of this size sees it: one byte per pixel, row by row.
#[must_use]
pub fn seen(dice: &mut Dice, code: &Picture, size: (usize, usize), optics: Optics) -> Vec<u8> {
    let (width, height) = size;
    let outer = f32::from(code.outer_side());
    let module = height as f32 * optics.fill / outer;
    let view = View::new(optics, size, outer, module, dice);
    let mut light = vec![0.0_f32; width * height];
    for (place, shade) in light.iter_mut().enumerate() {
        *shade = view.shade(code, (place % width) as f32, (place / width) as f32);
    }
    blur(&mut light, width, optics.blur * module);
    let tilt = dice.between(-1.0, 1.0);
    light
        .iter()
        .enumerate()
        .map(|(place, shade)| {
            let across = (place % width) as f32 / width as f32 - 0.5;
            let lit = 0.5 + (shade - 0.5) * optics.contrast + across * tilt * optics.shadow * 0.5;
            ((lit + dice.normal() * optics.noise) * 255.0).clamp(0.0, 255.0) as u8
        })
        .collect()
}

/// From a pixel back to the paper.
struct View {
    centre: (f32, f32),
    turn: (f32, f32),
    tilt: (f32, f32),
    outer: f32,
    module: f32,
    reach: f32,
}

impl View {
    fn new(optics: Optics, size: (usize, usize), outer: f32, module: f32, dice: &mut Dice) -> Self {
        let angle = optics.rotation.to_radians();
        let centre =
            (size.0 as f32 / 2.0 + dice.between(-9.0, 9.0), size.1 as f32 / 2.0 + dice.between(-4.0, 4.0));
        let reach = outer * module;
        Self { centre, turn: angle.sin_cos(), tilt: optics.tilt, outer, module, reach }
    }

    /// The mean of nine points of a pixel: 0 black, 1 white; grey beyond the paper.
    fn shade(&self, code: &Picture, x: f32, y: f32) -> f32 {
        let mut sum = 0.0;
        for down in [-0.33_f32, 0.0, 0.33] {
            for across in [-0.33_f32, 0.0, 0.33] {
                sum += self.point(code, x + across, y + down);
            }
        }
        sum / 9.0
    }

    fn point(&self, code: &Picture, x: f32, y: f32) -> f32 {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        let (sin, cos) = self.turn;
        let (x, y) = (x * cos + y * sin, y * cos - x * sin);
        let depth = 1.0 + (x * self.tilt.0 + y * self.tilt.1) / self.reach;
        let (column, row) =
            (x / depth / self.module + self.outer / 2.0, y / depth / self.module + self.outer / 2.0);
        let inside = |place: f32| (0.0..self.outer).contains(&place);
        if !inside(column) || !inside(row) {
            return 0.55;
        }
        let (column, row) = (column as u16, row as u16);
        let dark = column >= 4 && row >= 4 && code.is_dark(column - 4, row - 4);
        if dark { 0.0 } else { 1.0 }
    }
}

/// A Gaussian, first across, then down.
fn blur(light: &mut [f32], width: usize, deviation: f32) {
    if deviation < 0.2 {
        return;
    }
    let reach = (deviation * 3.0).ceil() as isize;
    let mut weights: Vec<f32> = (-reach..=reach)
        .map(|away| (-((away * away) as f32) / (2.0 * deviation * deviation)).exp())
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let height = light.len() / width;
    let mut line = Vec::new();
    for row in light.chunks_mut(width) {
        line.clear();
        line.extend_from_slice(row);
        smooth(&line, &weights, reach, |place, value| row[place] = value);
    }
    for column in 0..width {
        line.clear();
        line.extend((0..height).map(|row| light[row * width + column]));
        smooth(&line, &weights, reach, |place, value| light[place * width + column] = value);
    }
}

fn smooth(line: &[f32], weights: &[f32], reach: isize, mut put: impl FnMut(usize, f32)) {
    let last = line.len() as isize - 1;
    for place in 0..line.len() {
        let start = place as isize - reach;
        let value = if start >= 0 && place as isize + reach <= last {
            let window = &line[start as usize..];
            weights.iter().zip(window).map(|(weight, value)| weight * value).sum()
        } else {
            let near = |step: usize| line[(start + step as isize).clamp(0, last) as usize];
            weights.iter().enumerate().map(|(step, weight)| weight * near(step)).sum()
        };
        put(place, value);
    }
}
