//! Frames of sequences as somebody makes them who may say anything.

use sha2::{Digest as _, Sha256};

/// A frame of a sequence as an attacker makes it: every check right, every claim free.
pub fn forged(id: [u8; 16], body: &[u8]) -> String {
    let check = Sha256::new().chain_update(b"hazel/v1/part\0").chain_update(id).chain_update(body).finalize();
    let mut bytes = vec![1];
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(&check[..4]);
    bytes.extend_from_slice(body);
    format!("HP:{}", base45(&bytes))
}

fn base45(bytes: &[u8]) -> String {
    let letters: Vec<char> = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".chars().collect();
    let mut text = String::new();
    for pair in bytes.chunks(2) {
        let mut value = pair.iter().fold(0_usize, |value, &byte| value * 256 + usize::from(byte));
        for _ in 0..=pair.len() {
            text.push(letters[value % 45]);
            value /= 45;
        }
    }
    text
}

/// What a frame says of its transfer.
pub fn body(number: u32, of: u32, length: u32, checksum: u32, data: &[u8]) -> Vec<u8> {
    let mut cbor = minicbor::Encoder::new(Vec::new());
    cbor.array(5).unwrap();
    for value in [number, of, length, checksum] {
        cbor.u32(value).unwrap();
    }
    cbor.bytes(data).unwrap();
    cbor.into_writer()
}
