//! Picture files as frames: PNG, animated PNG, GIF and JPEG, from bytes that anybody may have sent.
//!
//! Measures are checked before pixels are reserved, and frames are handed on one by one.

use std::io::Cursor;
use std::ops::ControlFlow;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::luma::Luma;

/// A phone's photo has ten megabytes at most.
const LONGEST_FILE: usize = 32 << 20;
const MOST_PIXELS: usize = 32 << 20;
/// What the best packing makes of one byte: 1,032 bytes in a PNG, some 2,560 pixels in a GIF, fewer in a JPEG.
const MOST_UNPACKED: usize = 4_096;
/// An animation shows each of its parts a few times.
const MOST_FRAMES: u32 = 4_096;

/// Why a file was not read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// Longer than any photo.
    #[error("a picture of {0} bytes is not read")]
    TooLong(usize),
    /// Neither PNG nor GIF nor JPEG by its first bytes.
    #[error("the file is not a PNG, GIF or JPEG picture")]
    UnknownFormat,
    /// More pixels than a photo has, or fewer than a code.
    #[error("a picture of {0} x {1} pixels is not read")]
    Measures(usize, usize),
    /// So few bytes cannot hold so many pixels.
    #[error("the file is too short for the {0} x {1} pixels that it claims")]
    Short(usize, usize),
    /// The format's own decoder gave up.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
}

/// Hands every frame of a file to `each` until it has enough; returns how many it was given.
///
/// # Errors
/// [`FileRefusal`]; frames before the damage have been handed on.
pub fn frames(file: &[u8], each: &mut dyn FnMut(&Luma<'_>) -> ControlFlow<()>) -> Result<u32, FileRefusal> {
    match file {
        _ if file.len() > LONGEST_FILE => Err(FileRefusal::TooLong(file.len())),
        [0x89, b'P', b'N', b'G', ..] => png(file, each),
        [b'G', b'I', b'F', b'8', ..] => gif(file, each),
        [0xff, 0xd8, 0xff, ..] => jpeg(file, each),
        _ => Err(FileRefusal::UnknownFormat),
    }
}

fn damaged(error: impl std::fmt::Display) -> FileRefusal {
    FileRefusal::Damaged(error.to_string())
}

/// How many pixels a header claims, if a picture may have so many and this file can hold them.
fn measured((width, height): (usize, usize), bits: usize, file: &[u8]) -> Result<usize, FileRefusal> {
    let pixels = width.checked_mul(height).filter(|pixels| (1..=MOST_PIXELS).contains(pixels));
    let pixels = pixels.ok_or(FileRefusal::Measures(width, height))?;
    if pixels.saturating_mul(bits) / 8 > file.len().saturating_mul(MOST_UNPACKED) {
        return Err(FileRefusal::Short(width, height));
    }
    Ok(pixels)
}

fn hand_on(
    shades: &[u8],
    (width, height): (usize, usize),
    each: &mut dyn FnMut(&Luma<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, FileRefusal> {
    let frame = Luma::new(shades, width, height, width).map_err(|_| FileRefusal::Measures(width, height))?;
    Ok(each(&frame))
}

fn png(file: &[u8], each: &mut dyn FnMut(&Luma<'_>) -> ControlFlow<()>) -> Result<u32, FileRefusal> {
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MOST_PIXELS * 4 });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(damaged)?;
    let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
    let size = (side(header.width), side(header.height));
    measured(size, header.bits_per_pixel(), file)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let count = reader.info().animation_control().map_or(1, |control| control.num_frames).min(MOST_FRAMES);
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(FileRefusal::Measures(size.0, size.1))?];
    for shown in 0..count {
        let info = reader.next_frame(&mut pixels).map_err(damaged)?;
        // A frame that changes only a part of the one before is none of those that a sequence of codes has.
        if (side(info.width), side(info.height)) != size {
            continue;
        }
        let shades: Vec<u8> = match info.color_type {
            png::ColorType::GrayscaleAlpha => {
                pixels.as_chunks().0.iter().map(|&[grey, alpha]| over_white(grey, alpha)).collect()
            }
            png::ColorType::Rgb => pixels.as_chunks().0.iter().map(|&[r, g, b]| grey(r, g, b)).collect(),
            png::ColorType::Rgba => {
                pixels.as_chunks().0.iter().map(|&[r, g, b, a]| over_white(grey(r, g, b), a)).collect()
            }
            png::ColorType::Grayscale | png::ColorType::Indexed => pixels.clone(),
        };
        if hand_on(&shades, size, each)?.is_break() {
            return Ok(shown.saturating_add(1));
        }
    }
    Ok(count)
}

fn gif(file: &[u8], each: &mut dyn FnMut(&Luma<'_>) -> ControlFlow<()>) -> Result<u32, FileRefusal> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(file).map_err(damaged)?;
    let size = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![u8::MAX; measured(size, 8, file)?];
    let mut shown = 0_u32;
    while shown < MOST_FRAMES {
        let Some(frame) = decoder.read_next_frame().map_err(damaged)? else { break };
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let rows = frame.buffer.chunks(usize::from(frame.width).saturating_mul(4).max(4));
        let lines = canvas.chunks_mut(size.0).skip(top);
        for (line, row) in lines.zip(rows) {
            for (place, &[r, g, b, alpha]) in line.iter_mut().skip(left).zip(row.as_chunks().0) {
                if alpha > 0 {
                    *place = grey(r, g, b);
                }
            }
        }
        shown = shown.saturating_add(1);
        if hand_on(&canvas, size, each)?.is_break() {
            break;
        }
        if frame.dispose == gif::DisposalMethod::Background {
            canvas.fill(u8::MAX);
        }
    }
    Ok(shown)
}

fn jpeg(file: &[u8], each: &mut dyn FnMut(&Luma<'_>) -> ControlFlow<()>) -> Result<u32, FileRefusal> {
    // Its own limits call a large picture damaged; ours, below, say what is wrong with it.
    let most = usize::from(u16::MAX);
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::Luma)
        .set_max_width(most)
        .set_max_height(most);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or(FileRefusal::UnknownFormat)?;
    let size = (usize::from(info.width), usize::from(info.height));
    measured(size, 8, file)?;
    let shades = decoder.decode().map_err(damaged)?;
    _ = hand_on(&shades, size, each)?;
    Ok(1)
}

/// Brightness as the eye weighs colours, in 256 parts.
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    let parts = [(red, 77), (green, 150), (blue, 29)]
        .map(|(colour, weight)| u32::from(colour).saturating_mul(weight));
    u8::try_from(parts.iter().sum::<u32>() >> 8).unwrap_or(u8::MAX)
}

fn over_white(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    let ground = 255_u32.saturating_sub(alpha).saturating_mul(255);
    u8::try_from(shade.saturating_mul(alpha).saturating_add(ground) / 255).unwrap_or(u8::MAX)
}
