//! What the radio of the lab does wrong.

/// What goes wrong on the way. All zeros is a good radio of the smallest packets.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Faults {
    /// What one packet really carries, and three bytes more: 23 to 517.
    #[uniffi(default = 23)]
    pub mtu: u16,
    /// What the radio says it carries. Longer packets than it does are lost without a word.
    #[uniffi(default = None)]
    pub claims: Option<u16>,
    /// Packets lost, in percent.
    #[uniffi(default = 0)]
    pub loss: u32,
    /// Packets delivered twice, in percent.
    #[uniffi(default = 0)]
    pub doubling: u32,
    /// Milliseconds by which a packet may be late; more than nothing changes their order.
    #[uniffi(default = 0)]
    pub jitter: u32,
    /// The first link is cut after so many packets, the second after the next number, and so on.
    #[uniffi(default = [])]
    pub cuts: Vec<u32>,
    /// What was in the air when a link was cut arrives on the next one.
    #[uniffi(default = false)]
    pub late: bool,
    /// The system kills the right app after so many packets: its half of the meeting is gone, its wallet is on the disk.
    #[uniffi(default = None)]
    pub kill_right_after: Option<u32>,
}

impl Faults {
    /// What the wallets are told of the radio.
    pub(crate) fn claimed(&self) -> u16 {
        self.claims.unwrap_or(self.mtu)
    }

    /// Whether a packet is too long for what the radio really carries.
    pub(crate) fn swallows(&self, packet: &[u8]) -> bool {
        packet.len() > usize::from(self.mtu.saturating_sub(3))
    }
}
