import Foundation

/// The one GATT service of docs/protocol-sync.md, the same on computers and phones.
enum Gatt {
    static let service = "1A7C15FA-6E63-4BDB-A005-F29B8A91B83F"
    static let rx = "1A7C15FA-6E63-4BDB-A005-F29B8A91B840"
    static let tx = "1A7C15FA-6E63-4BDB-A005-F29B8A91B841"
    static let info = "1A7C15FA-6E63-4BDB-A005-F29B8A91B842"
    static let wire: UInt8 = 1
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

/// What the information characteristic says: the wire's version, an L2CAP channel, and tags for whoever saw none in the air.
struct Info: Equatable {
    /// At most so many tags, so that one reading is one packet on most links.
    static let mostTags = 16

    var wire = Gatt.wire
    /// Zero: none is offered.
    var channel: UInt16 = 0
    var tags: [Data] = []

    init(tags: [Data] = []) { self.tags = Array(tags.prefix(Self.mostTags)) }

    /// None if these bytes are not of a Hazel at all. Of another version only the version is read.
    init?(_ bytes: Data) {
        let bytes = [UInt8](bytes)
        guard let first = bytes.first else { return nil }
        wire = first
        guard wire == Gatt.wire else { return }
        guard bytes.count >= 3 else { return nil }
        channel = UInt16(bytes[1]) << 8 | UInt16(bytes[2])
        let rest = bytes.dropFirst(3)
        for at in stride(from: rest.startIndex, to: rest.endIndex, by: Tag.size).prefix(Self.mostTags) {
            // What is left over at the end is a newer Hazel's.
            if at + Tag.size <= rest.endIndex { tags.append(Data(rest[at..<at + Tag.size])) }
        }
    }

    var bytes: Data {
        var bytes = Data([wire, UInt8(channel >> 8), UInt8(channel & 0xff)])
        for tag in tags { bytes.append(tag) }
        return bytes
    }

    var speaksOurs: Bool { wire == Gatt.wire }
}
