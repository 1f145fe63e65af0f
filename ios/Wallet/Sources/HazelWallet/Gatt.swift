import Foundation
import HazelBridge

/// The one GATT service of docs/protocol-sync.md, the same on computers and phones.
enum Gatt {
    static let service = "1A7C15FA-6E63-4BDB-A005-F29B8A91B83F"
    static let rx = "1A7C15FA-6E63-4BDB-A005-F29B8A91B840"
    static let tx = "1A7C15FA-6E63-4BDB-A005-F29B8A91B841"
    static let info = "1A7C15FA-6E63-4BDB-A005-F29B8A91B842"
    /// The number of "no company", least significant byte first.
    static let company: [UInt8] = [0xff, 0xff]
    static let leastMtu = 23
    static let mostMtu = 517
    /// What a notification or a write costs beside the packet.
    static let overhead = 3
}

/// What a radio says that one packet carries, as an MTU within what there can be.
func soundMtu(carrying packet: Int) -> UInt16 {
    let claimed = packet > Gatt.mostMtu ? Gatt.mostMtu : packet + Gatt.overhead
    return UInt16(min(max(claimed, Gatt.leastMtu), Gatt.mostMtu))
}

/// What can be seen of somebody's tag in an advertisement. Android and computers show it as manufacturer data; iOS lets no app do that:
/// there it is the local name (decision 0413).
func sights(manufacturer: Data?, name: String?) -> [Sight] {
    let company = manufacturer.flatMap { $0.starts(with: Gatt.company) ? Data($0.dropFirst(Gatt.company.count)) : nil }
    // It fails for nothing at all.
    return (try? HazelBridge.sights(company: company, name: name)) ?? []
}
