#if canImport(CoreBluetooth)
@preconcurrency import CoreBluetooth
import Foundation
import HazelBridge

/// An open L2CAP channel: each packet behind its length, on a stream. Lives on the radio's queue, where its streams call it back.
///
/// The system closes a channel that nobody holds.
final class Channel: NSObject, Link, @unchecked Sendable {
    private let channel: CBL2CAPChannel
    private let input: InputStream
    private let output: OutputStream
    private let queue: DispatchQueue
    private let whenHeard: (Data) -> Void
    private let whenDown: () -> Void
    private lazy var packets = PacketQueue(give: { [unowned self] in give($0) }, close: { [unowned self] in part() })
    /// What is left of the packet that the stream took a part of.
    private var unsent = Data()
    /// The beginning of the packet that has come in a part.
    private var begun = Data()
    private var isGone = false

    private static let room = 4_096
    /// What the stream has taken the system still has to send.
    private static let parting = DispatchTimeInterval.milliseconds(300)

    /// Nil for a channel without streams, which the system should not give. `down` is told once.
    init?(_ channel: CBL2CAPChannel, queue: DispatchQueue, packet: @escaping (Data) -> Void, down: @escaping () -> Void) {
        guard let input = channel.inputStream, let output = channel.outputStream else { return nil }
        (self.channel, self.input, self.output, self.queue) = (channel, input, output, queue)
        (whenHeard, whenDown) = (packet, down)
        super.init()
    }

    var mtu: UInt16 { UInt16(Gatt.mostMtu) }
    var isChannel: Bool { true }

    func begin() {
        (input.delegate, output.delegate) = (self, self)
        // A stream may be used only where it is scheduled.
        CFReadStreamSetDispatchQueue(input, queue)
        CFWriteStreamSetDispatchQueue(output, queue)
        input.open()
        output.open()
    }

    func send(_ packet: Data) { packets.send(packet) }

    func close() { packets.closeWhenEmpty() }

    private func part() {
        queue.asyncAfter(deadline: .now() + Self.parting) { [weak self] in self?.leave() }
    }

    func leave() {
        guard !isGone else { return }
        isGone = true
        (input.delegate, output.delegate) = (nil, nil)
        input.close()
        output.close()
        CFReadStreamSetDispatchQueue(input, nil)
        CFWriteStreamSetDispatchQueue(output, nil)
        whenDown()
    }

    private func give(_ packet: Data) -> PacketQueue.Answer {
        guard !isGone else { return .taken }
        guard unsent.isEmpty, output.hasSpaceAvailable else { return .full }
        guard let framed = try? framed(packet: packet) else { return .taken }
        unsent = framed
        return flush() ? .taken : .last
    }

    /// Writes what is left of a packet; whether nothing is.
    private func flush() -> Bool {
        while !unsent.isEmpty, !isGone, output.hasSpaceAvailable {
            let written = unsent.withUnsafeBytes { bytes in
                bytes.bindMemory(to: UInt8.self).baseAddress.map { output.write($0, maxLength: bytes.count) } ?? 0
            }
            // The stream says itself what is wrong.
            guard written > 0 else { return false }
            unsent = Data(unsent.dropFirst(written))
        }
        return unsent.isEmpty
    }

    private func read() {
        var room = [UInt8](repeating: 0, count: Self.room)
        let length = input.read(&room, maxLength: room.count)
        guard length > 0 else { return }
        guard let come = try? brought(bytes: begun + room.prefix(length)) else { return leave() }
        begun = come.begun
        for packet in come.packets where !isGone { whenHeard(packet) }
    }
}

extension Channel: StreamDelegate {
    func stream(_ stream: Stream, handle event: Stream.Event) {
        if isGone { return }
        switch event {
        case .hasBytesAvailable: read()
        case .hasSpaceAvailable: if flush() { packets.ready() }
        case .endEncountered, .errorOccurred: leave()
        default: break
        }
    }
}
#endif
