// For Linux only, and for tests only. Our own fakes; see Declarations.swift.

import Foundation

public typealias CBL2CAPPSM = UInt16

public class CBL2CAPChannel: NSObject {
    public let peer: CBPeer!
    public let inputStream: InputStream!
    public let outputStream: OutputStream!
    public let psm: CBL2CAPPSM

    init(_ peer: CBPeer, _ psm: CBL2CAPPSM, _ input: InputStream, _ output: OutputStream) {
        (self.peer, self.psm, inputStream, outputStream) = (peer, psm, input, output)
    }
}

/// Both ends of a channel, one stream a direction.
final class Wire: @unchecked Sendable {
    let there = Way()
    let back = Way()
    weak var central: CBCentralManager?
    let peripheral: UUID

    init(_ central: CBCentralManager, _ peripheral: UUID) { (self.central, self.peripheral) = (central, peripheral) }

    /// Nobody hears anything over it any more.
    func part() {
        there.end()
        back.end()
    }
}

/// One direction: bytes that are behind one another, wherever they were cut.
final class Way: @unchecked Sendable {
    private let lock = NSLock()
    private var come = Data()
    private var underWay = 0
    private var hasEnded = false
    weak var reader: Incoming?
    weak var writer: Outgoing?

    /// So many bytes a stack holds.
    private static let room = 1_500
    /// So many it takes at once: packets are cut in the middle.
    private static let piece = 300

    var isEmpty: Bool { lock.withLock { come.isEmpty } }
    var isOver: Bool { lock.withLock { hasEnded } }
    var hasRoom: Bool { lock.withLock { !hasEnded && come.count + underWay < Self.room } }

    func write(_ bytes: Data) -> Int {
        guard hasRoom else { return isOver ? -1 : 0 }
        let piece = bytes.prefix(Self.piece)
        lock.withLock { underWay += piece.count }
        Ether.shared.crossChannel(Data(piece)) { arrived in
            let isThere = self.lock.withLock { () -> Bool in
                self.underWay -= piece.count
                if !self.hasEnded { self.come += arrived }
                return !self.hasEnded
            }
            if isThere { self.reader?.tell(.hasBytesAvailable) }
        }
        return piece.count
    }

    func read(_ most: Int) -> Data {
        let bytes = lock.withLock { () -> Data in
            let bytes = come.prefix(most)
            come = Data(come.dropFirst(most))
            return Data(bytes)
        }
        if !isEmpty { reader?.tell(.hasBytesAvailable) }
        writer?.tell(.hasSpaceAvailable)
        return bytes
    }

    func end() {
        guard lock.withLock({ let first = !hasEnded; hasEnded = true; return first }) else { return }
        reader?.tell(.endEncountered)
        writer?.tell(.errorOccurred)
    }
}

final class Incoming: InputStream, @unchecked Sendable {
    private let way: Way
    private let wire: Wire
    fileprivate var queue: DispatchQueue?

    init(_ way: Way, _ wire: Wire) {
        (self.way, self.wire) = (way, wire)
        super.init(data: Data())
        way.reader = self
    }

    override var hasBytesAvailable: Bool { !way.isEmpty }
    override func open() { tell(.openCompleted); if !way.isEmpty { tell(.hasBytesAvailable) } }
    override func close() { wire.part() }

    override func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength len: Int) -> Int {
        let bytes = way.read(len)
        bytes.copyBytes(to: buffer, count: bytes.count)
        return bytes.count
    }

    func tell(_ event: Stream.Event) {
        queue?.async { self.delegate?.stream(self, handle: event) }
    }
}

final class Outgoing: OutputStream, @unchecked Sendable {
    private let way: Way
    private let wire: Wire?
    fileprivate var queue: DispatchQueue?

    /// Foundation wants it; nobody hears what is written to such a one.
    required init(toMemory: ()) {
        (way, wire) = (Way(), nil)
        super.init(toMemory: ())
    }

    init(_ way: Way, _ wire: Wire) {
        (self.way, self.wire) = (way, wire)
        super.init(toMemory: ())
        way.writer = self
    }

    override var hasSpaceAvailable: Bool { way.hasRoom }
    override func open() { tell(.hasSpaceAvailable) }
    override func close() { wire?.part() }

    override func write(_ buffer: UnsafePointer<UInt8>, maxLength len: Int) -> Int {
        way.write(Data(bytes: buffer, count: len))
    }

    func tell(_ event: Stream.Event) {
        queue?.async { self.delegate?.stream(self, handle: event) }
    }
}

public func CFReadStreamSetDispatchQueue(_ stream: InputStream, _ queue: DispatchQueue?) { (stream as? Incoming)?.queue = queue }
public func CFWriteStreamSetDispatchQueue(_ stream: OutputStream, _ queue: DispatchQueue?) { (stream as? Outgoing)?.queue = queue }

extension CBPeripheral {
    public func openL2CAPChannel(_ PSM: CBL2CAPPSM) {
        Ether.shared.air.async { [self] in
            guard let link, let remote else { return }
            let fate = Ether.shared.channels
            if fate == .late { return Ether.shared.noteChannel(.late) }
            guard fate == .open, remote.number == PSM else {
                Ether.shared.noteChannel(.refused)
                return link.manager.queue.async { self.delegate?.peripheral(self, didOpen: nil, error: CBATTError(code: .unlikelyError)) }
            }
            Ether.shared.noteChannel(.open)
            let wire = Wire(link.manager, identifier)
            let ours = CBL2CAPChannel(self, PSM, Incoming(wire.back, wire), Outgoing(wire.there, wire))
            let theirs = CBL2CAPChannel(link.central, PSM, Incoming(wire.there, wire), Outgoing(wire.back, wire))
            Ether.shared.wires.append(wire)
            link.manager.queue.async { self.delegate?.peripheral(self, didOpen: ours, error: nil) }
            remote.queue.async { remote.delegate?.peripheralManager(remote, didOpen: theirs, error: nil) }
        }
    }
}

extension CBPeripheralManager {
    public func publishL2CAPChannel(withEncryption encryptionRequired: Bool) {
        Ether.shared.air.async { [self] in
            number = 0x80 + UInt16.random(in: 0..<0x40)
            queue.async { self.delegate?.peripheralManager(self, didPublishL2CAPChannel: self.number, error: nil) }
        }
    }

    public func unpublishL2CAPChannel(_ PSM: CBL2CAPPSM) { Ether.shared.air.async { self.number = 0 } }
}
