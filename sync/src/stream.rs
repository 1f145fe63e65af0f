//! Packets on a stream of bytes: each behind its length in two bytes, most significant first.

/// What a stream counts as: it carries the longest packets there are.
pub const STREAM_MTU: u16 = 517;
/// The longest packet. Bluetooth's service carries no longer one either.
const LONGEST: usize = 514;

/// The packet, or the one that the other side claims to send, is longer than any may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packet longer than any may be")]
pub struct TooLong;

/// The packet as it stands on a stream.
pub fn framed(packet: &[u8]) -> Result<Vec<u8>, TooLong> {
    let length = u16::try_from(packet.len()).ok().filter(|_| packet.len() <= LONGEST).ok_or(TooLong)?;
    Ok([&length.to_be_bytes(), packet].concat())
}

/// Takes the first packet off what a stream has brought, if it is whole.
pub fn take_packet(begun: &mut Vec<u8>) -> Result<Option<Vec<u8>>, TooLong> {
    let Some((head, rest)) = begun.split_first_chunk::<2>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(*head));
    if length > LONGEST {
        return Err(TooLong);
    }
    let Some(packet) = rest.get(..length).map(<[u8]>::to_vec) else { return Ok(None) };
    begun.drain(..length.saturating_add(head.len()));
    Ok(Some(packet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_keep_their_borders_wherever_the_stream_is_cut() {
        let packets: Vec<_> = [0, 1, 300, LONGEST].map(|length| vec![7; length]).into();
        let stream: Vec<_> = packets.iter().flat_map(|packet| framed(packet).unwrap()).collect();
        for piece in [1, 2, 3, 250, stream.len()] {
            let (mut begun, mut taken) = (Vec::new(), Vec::new());
            for bytes in stream.chunks(piece) {
                begun.extend_from_slice(bytes);
                while let Some(packet) = take_packet(&mut begun).unwrap() {
                    taken.push(packet);
                }
            }
            assert_eq!((taken, begun), (packets.clone(), Vec::new()), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_too_long_is_neither_sent_nor_waited_for() {
        assert_eq!(framed(&[0; LONGEST + 1]), Err(TooLong));
        assert_eq!(framed(&vec![0; 70_000]), Err(TooLong));
        assert_eq!(take_packet(&mut vec![2, 3]), Err(TooLong), "515");
        assert_eq!(take_packet(&mut vec![2, 2]), Ok(None), "514, still to come");
    }
}
