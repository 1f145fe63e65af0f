#if canImport(CoreBluetooth)
@preconcurrency import CoreBluetooth
import Foundation
import HazelBridge

/// One call: connects, reads what version is spoken, opens a channel or listens, and only then is a link. Or reads the tags, and leaves.
final class GattClient: NSObject, Link, @unchecked Sendable {
    let peripheral: CBPeripheral
    private let queue: DispatchQueue
    private let isToAsk: Bool
    private unowned let ears: any Ears
    private let over: (GattClient) -> Void

    private var rx: CBCharacteristic?
    private var tx: CBCharacteristic?
    private var channel: Channel?
    private var isOpening = false
    private var end: DispatchWorkItem?
    private var isUp = false
    private var isGone = false
    private var isFirst = true
    private lazy var packets = PacketQueue(give: { [unowned self] in write($0) }, close: { [unowned self] in part() })

    /// The system itself tries for ever.
    private static let patience = DispatchTimeInterval.seconds(10)
    /// A channel opens at once or not at all.
    private static let opening = DispatchTimeInterval.seconds(4)
    /// What the system has taken it still has to send, and it drops that when a connection is cancelled.
    private static let parting = DispatchTimeInterval.milliseconds(300)

    init(
        _ peripheral: CBPeripheral, queue: DispatchQueue, toAsk: Bool, ears: any Ears, over: @escaping (GattClient) -> Void
    ) {
        self.peripheral = peripheral
        self.queue = queue
        self.isToAsk = toAsk
        self.ears = ears
        self.over = over
    }

    private var peer: String { peripheral.identifier.uuidString }

    // Asked anew each time: it grows when the two sides have agreed on their MTU.
    var mtu: UInt16 { channel?.mtu ?? soundMtu(carrying: peripheral.maximumWriteValueLength(for: .withoutResponse)) }
    var isChannel: Bool { channel != nil }

    func begin() {
        peripheral.delegate = self
        waitForIt()
    }

    private func waitForIt() {
        self.end?.cancel()
        let end = DispatchWorkItem { [weak self] in
            if let self, !isUp { leave() }
        }
        self.end = end
        queue.asyncAfter(deadline: .now() + Self.patience, execute: end)
    }

    func connected() { peripheral.discoverServices([CBUUID(string: Gatt.service)]) }

    func send(_ packet: Data) { channel.map { $0.send(packet) } ?? packets.send(packet) }

    func close() { channel.map { $0.close() } ?? packets.closeWhenEmpty() }

    private func part() {
        queue.asyncAfter(deadline: .now() + Self.parting) { [weak self] in self?.leave() }
    }

    func leave() { lost() }

    /// Told once, whatever the system repeats.
    func lost() {
        guard !isGone else { return }
        isGone = true
        peripheral.delegate = nil
        channel?.leave()
        over(self)
        if isToAsk {
            ears.told(peer, tags: nil)
        } else if isUp {
            ears.down(self)
        } else {
            ears.unreachable(peer)
        }
    }

    /// The first packet is written with an answer: only then is it sure that the other side listens.
    private func write(_ packet: Data) -> PacketQueue.Answer {
        guard let rx, !isGone else { return .taken }
        if isFirst {
            isFirst = false
            peripheral.writeValue(packet, for: rx, type: .withResponse)
            return .last
        }
        guard peripheral.canSendWriteWithoutResponse else { return .full }
        peripheral.writeValue(packet, for: rx, type: .withoutResponse)
        return .taken
    }

    /// Takes the channel; if it is not open in time, it listens as ever.
    private func open(_ number: CBL2CAPPSM, or tx: CBCharacteristic) {
        isOpening = true
        peripheral.openL2CAPChannel(number)
        queue.asyncAfter(deadline: .now() + Self.opening) { [weak self] in self?.opened(nil) }
    }

    private func opened(_ opened: CBL2CAPChannel?) {
        // One that comes later nobody holds, and the system closes it.
        guard isOpening, !isGone else { return }
        isOpening = false
        let channel = opened.flatMap { opened in
            Channel(
                opened, queue: queue,
                packet: { [unowned self] in ears.packet($0, on: self) },
                down: { [unowned self] in leave() })
        }
        guard let channel else {
            ears.noChannel(peer)
            waitForIt()
            if let tx { peripheral.setNotifyValue(true, for: tx) }
            return
        }
        self.channel = channel
        isUp = true
        ears.up(self, peer: peer, dialing: true)
        channel.begin()
    }

    private func read(_ bytes: Data?) {
        // None of another version: whoever it is, it is not one to talk to.
        let told = bytes.flatMap { try? readInformation(bytes: $0) }
        guard let told, let tx else { return leave() }
        guard isToAsk else {
            guard let number = ears.channel(of: peer, told: told.channel) else { return peripheral.setNotifyValue(true, for: tx) }
            return open(number, or: tx)
        }
        isGone = true
        peripheral.delegate = nil
        over(self)
        ears.told(peer, tags: told.tags)
    }
}

extension GattClient: CBPeripheralDelegate {
    func peripheral(_ peripheral: CBPeripheral, didDiscoverServices error: (any Error)?) {
        let ours = peripheral.services?.first { $0.uuid == CBUUID(string: Gatt.service) }
        guard error == nil, let ours else { return leave() }
        peripheral.discoverCharacteristics([Gatt.rx, Gatt.tx, Gatt.info].map(CBUUID.init(string:)), for: ours)
    }

    func peripheral(_ peripheral: CBPeripheral, didDiscoverCharacteristicsFor service: CBService, error: (any Error)?) {
        func find(_ id: String) -> CBCharacteristic? { service.characteristics?.first { $0.uuid == CBUUID(string: id) } }
        (rx, tx) = (find(Gatt.rx), find(Gatt.tx))
        guard error == nil, rx != nil, tx != nil, let info = find(Gatt.info) else { return leave() }
        peripheral.readValue(for: info)
    }

    func peripheral(_ peripheral: CBPeripheral, didUpdateValueFor characteristic: CBCharacteristic, error: (any Error)?) {
        if characteristic.uuid == CBUUID(string: Gatt.info) {
            if !isUp { read(error == nil ? characteristic.value : nil) }
        } else if isUp, error == nil, let bytes = characteristic.value {
            ears.packet(bytes, on: self)
        }
    }

    func peripheral(
        _ peripheral: CBPeripheral, didUpdateNotificationStateFor characteristic: CBCharacteristic, error: (any Error)?
    ) {
        guard error == nil, characteristic.isNotifying else { return leave() }
        guard !isUp, !isGone else { return }
        isUp = true
        ears.up(self, peer: peer, dialing: true)
    }

    func peripheral(_ peripheral: CBPeripheral, didWriteValueFor characteristic: CBCharacteristic, error: (any Error)?) {
        // Refused: the other side is not listening.
        if error == nil { packets.ready() } else { leave() }
    }

    func peripheral(_ peripheral: CBPeripheral, didOpen channel: CBL2CAPChannel?, error: (any Error)?) {
        opened(error == nil ? channel : nil)
    }

    func peripheralIsReady(toSendWriteWithoutResponse peripheral: CBPeripheral) { packets.ready() }

    func peripheral(_ peripheral: CBPeripheral, didModifyServices invalidated: [CBService]) {
        // The app on the other side was ended, or started anew: whoever it was talking to is forgotten there.
        if invalidated.contains(where: { $0.uuid == CBUUID(string: Gatt.service) }) { leave() }
    }
}
#endif
