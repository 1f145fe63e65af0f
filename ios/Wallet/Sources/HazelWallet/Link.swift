import Foundation
import HazelBridge

/// One link of a radio, used from the radio's queue only.
protocol Link: AnyObject {
    /// What one packet carries, and three bytes more.
    var mtu: UInt16 { get }
    /// Whether its packets go over an L2CAP channel instead of the service.
    var isChannel: Bool { get }
    func send(_ packet: Data)
    /// Closes, after what was written has left.
    func close()
    /// Closes now.
    func leave()
}

/// What the two halves of a radio tell, on the radio's queue.
protocol Ears: AnyObject {
    /// Somebody was seen who offers the service.
    func saw(_ peer: String, _ sights: [Sight])
    /// Somebody who was asked for their tags has told them; nil if the link failed.
    func told(_ peer: String, tags: [Sight]?)
    /// The channel to open at a peer that told of this one; nil for the service.
    func channel(of peer: String, told: UInt16) -> UInt16?
    /// The channel of a peer did not open.
    func noChannel(_ peer: String)
    func up(_ link: any Link, peer: String, dialing: Bool)
    func packet(_ bytes: Data, on link: any Link)
    func down(_ link: any Link)
    /// A peer could not be connected.
    func unreachable(_ peer: String)
    /// The radio was switched on or off.
    func power(_ power: Circumstances.Power)
}
