#if canImport(CoreBluetooth)
@preconcurrency import CoreBluetooth
import Foundation
import HazelBridge

/// The side that is called: offers the service; whoever asks to be notified is a link. Lives on the radio's queue.
final class GattServer: NSObject, @unchecked Sendable {
    /// Somebody who called.
    private final class Caller: Link {
        let central: CBCentral
        let packets: PacketQueue
        private let drop: () -> Void

        init(_ central: CBCentral, packets: PacketQueue, drop: @escaping () -> Void) {
            self.central = central
            self.packets = packets
            self.drop = drop
        }

        // Asked anew each time: it grows when the two sides have agreed on their MTU.
        var mtu: UInt16 { soundMtu(carrying: central.maximumUpdateValueLength) }
        var isChannel: Bool { false }
        func send(_ packet: Data) { packets.send(packet) }
        func close() { packets.closeWhenEmpty() }
        func leave() { drop() }
    }

    private let queue: DispatchQueue
    private unowned let ears: any Ears
    private let tags: () -> [ShownTag]
    private var manager: CBPeripheralManager?
    private var callers: [UUID: Caller] = [:]
    /// The channel that others may open; nil where the system gave none.
    private var number: CBL2CAPPSM?
    private var channels: [Channel] = []
    private var shown: ShownTag?

    /// Whether a channel is told. What comes over one does not wake an app that sleeps; what comes over the service does.
    var isInFront = false {
        didSet { if !isInFront { leaveChannels() } }
    }

    /// So many callers have a channel at a time.
    static let mostChannels = 8

    private let tx = CBMutableCharacteristic(
        type: CBUUID(string: Gatt.tx), properties: .notify, value: nil, permissions: .readable)

    /// `tags` are told to whoever connects to ask for them.
    init(queue: DispatchQueue, name: String, ears: any Ears, tags: @escaping () -> [ShownTag]) {
        self.queue = queue
        self.ears = ears
        self.tags = tags
        super.init()
        let options: [String: Any] = [
            CBPeripheralManagerOptionRestoreIdentifierKey: name + ".peripheral",
            CBPeripheralManagerOptionShowPowerAlertKey: false,
        ]
        manager = CBPeripheralManager(delegate: self, queue: queue, options: options)
    }

    /// Shows this tag from now on.
    func show(_ tag: ShownTag) {
        shown = tag
        advertise()
    }

    func hide() {
        shown = nil
        if manager?.state == .poweredOn { manager?.stopAdvertising() }
    }

    func end() {
        hide()
        // A peripheral cannot hang up: without its service, its callers do.
        if manager?.state == .poweredOn {
            manager?.removeAllServices()
            if let number { manager?.unpublishL2CAPChannel(number) }
        }
        leaveChannels()
        manager?.delegate = nil
        manager = nil
        callers = [:]
    }

    private func advertise() {
        guard let manager, manager.state == .poweredOn, let shown else { return }
        manager.stopAdvertising()
        // In the background the system leaves out the name, and moves the service to where only iPhones look.
        let service = CBUUID(string: Gatt.service)
        manager.startAdvertising([CBAdvertisementDataServiceUUIDsKey: [service], CBAdvertisementDataLocalNameKey: shown.name])
    }

    private func offer(_ manager: CBPeripheralManager) {
        let rx = CBMutableCharacteristic(
            type: CBUUID(string: Gatt.rx), properties: [.write, .writeWithoutResponse], value: nil, permissions: .writeable)
        let info = CBMutableCharacteristic(
            type: CBUUID(string: Gatt.info), properties: .read, value: nil, permissions: .readable)
        let service = CBMutableService(type: CBUUID(string: Gatt.service), primary: true)
        service.characteristics = [rx, tx, info]
        manager.add(service)
    }

    private func give(_ packet: Data, to central: CBCentral) -> PacketQueue.Answer {
        guard let manager else { return .taken }
        return manager.updateValue(packet, for: tx, onSubscribedCentrals: [central]) ? .taken : .full
    }

    private func leaveChannels() {
        for channel in channels { channel.leave() }
    }

    private func drop(_ id: UUID) {
        if let caller = callers.removeValue(forKey: id) { ears.down(caller) }
    }
}

extension GattServer: CBPeripheralManagerDelegate {
    func peripheralManager(_ peripheral: CBPeripheralManager, willRestoreState state: [String: Any]) {
        // Nothing of it is taken over: the sessions ended with the process that had them. The service is offered anew below, and
        // whoever was connected sees the old one go.
    }

    func peripheralManagerDidUpdateState(_ peripheral: CBPeripheralManager) {
        for id in Array(callers.keys) { drop(id) }
        leaveChannels()
        number = nil
        guard peripheral.state == .poweredOn else { return }
        peripheral.removeAllServices()
        offer(peripheral)
        // No pairing: who is there, the session proves.
        peripheral.publishL2CAPChannel(withEncryption: false)
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didPublishL2CAPChannel PSM: CBL2CAPPSM, error: (any Error)?) {
        if error == nil { number = PSM }
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didOpen channel: CBL2CAPChannel?, error: (any Error)?) {
        // One that nobody holds the system closes.
        guard error == nil, let channel, isInFront, channels.count < Self.mostChannels else { return }
        var held: Channel?
        held = Channel(
            channel, queue: queue,
            packet: { [weak self] in if let held { self?.ears.packet($0, on: held) } },
            down: { [weak self] in
                guard let gone = held else { return }
                held = nil
                self?.channels.removeAll { $0 === gone }
                self?.ears.down(gone)
            })
        guard let caller = held else { return }
        channels.append(caller)
        ears.up(caller, peer: channel.peer?.identifier.uuidString ?? "", dialing: false)
        caller.begin()
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didAdd service: CBService, error: (any Error)?) {
        if error == nil { advertise() }
    }

    func peripheralManager(
        _ peripheral: CBPeripheralManager, central: CBCentral, didSubscribeTo characteristic: CBCharacteristic
    ) {
        let id = central.identifier
        drop(id)
        let drop: () -> Void = { [weak self] in self?.drop(id) }
        let packets = PacketQueue(give: { [weak self] in self?.give($0, to: central) ?? .taken }, close: drop)
        let caller = Caller(central, packets: packets, drop: drop)
        callers[id] = caller
        ears.up(caller, peer: id.uuidString, dialing: false)
    }

    func peripheralManager(
        _ peripheral: CBPeripheralManager, central: CBCentral, didUnsubscribeFrom characteristic: CBCharacteristic
    ) {
        drop(central.identifier)
    }

    func peripheralManagerIsReady(toUpdateSubscribers peripheral: CBPeripheralManager) {
        // One room for all: it is not said whose packet has left.
        for caller in Array(callers.values) { caller.packets.ready() }
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didReceiveRead request: CBATTRequest) {
        let bytes = (try? information(tags: tags(), channel: isInFront ? number ?? 0 : 0)) ?? Data()
        guard request.characteristic.uuid == CBUUID(string: Gatt.info), request.offset <= bytes.count else {
            return peripheral.respond(to: request, withResult: .readNotPermitted)
        }
        request.value = Data(bytes.dropFirst(request.offset))
        peripheral.respond(to: request, withResult: .success)
    }

    func peripheralManager(_ peripheral: CBPeripheralManager, didReceiveWrite requests: [CBATTRequest]) {
        guard let first = requests.first else { return }
        // Packets are never longer than one write: a piece of a longer one is somebody else's.
        let areOurs = requests.allSatisfy { $0.offset == 0 && $0.characteristic.uuid == CBUUID(string: Gatt.rx) }
        // All of them are answered by answering the first.
        peripheral.respond(to: first, withResult: areOurs ? .success : .requestNotSupported)
        guard areOurs else { return }
        for request in requests {
            if let bytes = request.value, let caller = callers[request.central.identifier] { ears.packet(bytes, on: caller) }
        }
    }
}
#endif
