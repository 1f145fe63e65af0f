// For Linux only, and for tests only. Our own fakes; see Declarations.swift.

import Foundation

/// What crosses from one queue to another here is handed over, never shared.
struct Handed<T>: @unchecked Sendable { let it: T }

public class CBCentralManager: CBManager, @unchecked Sendable {
    public weak var delegate: (any CBCentralManagerDelegate)?
    let queue: DispatchQueue
    let restoring: String?
    var phone: String { queue.label }
    var known: [UUID: CBPeripheral] = [:]
    private let me = CBCentral(UUID())
    private var isScanning = false

    public init(delegate: (any CBCentralManagerDelegate)?, queue: DispatchQueue?, options: [String: Any]?) {
        self.delegate = delegate
        self.queue = queue ?? .main
        restoring = options?[CBCentralManagerOptionRestoreIdentifierKey] as? String
        super.init()
        Ether.shared.enter(self, restoring: restoring)
    }

    var isAbandoned: Bool { delegate == nil }

    public func scanForPeripherals(withServices services: [CBUUID]?, options: [String: Any]?) { isScanning = true }
    public func stopScan() { isScanning = false }

    public func connect(_ peripheral: CBPeripheral, options: [String: Any]?) {
        Ether.shared.air.asyncAfter(deadline: .now() + .milliseconds(2)) { [self] in
            guard peripheral.remote?.state == .poweredOn, state == .poweredOn else { return }
            peripheral.link = CBPeripheral.Connection(central: me, manager: self)
            queue.async { self.delegate?.centralManager(self, didConnect: peripheral) }
        }
    }

    public func cancelPeripheralConnection(_ peripheral: CBPeripheral) {
        Ether.shared.air.async { self.part(peripheral) }
    }

    func turn(_ now: CBManagerState) {
        if now != .poweredOn {
            for peripheral in known.values {
                Ether.shared.partWires(of: self, to: peripheral.identifier)
                peripheral.unsubscribe()
            }
        }
        queue.async {
            self.state = now
            if now != .poweredOn { self.isScanning = false }
            self.delegate?.centralManagerDidUpdateState(self)
        }
    }

    func inherit(_ known: [UUID: CBPeripheral]) {
        self.known = known
        let connected = known.values.filter { $0.link != nil }
        for peripheral in connected { peripheral.link = CBPeripheral.Connection(central: me, manager: self) }
        let handed = Handed(it: connected)
        queue.async {
            self.delegate?.centralManager(self, willRestoreState: [CBCentralManagerRestoredStatePeripheralsKey: handed.it])
        }
    }

    func breakAll() { for peripheral in known.values { part(peripheral) } }

    private func part(_ peripheral: CBPeripheral) {
        guard peripheral.link != nil else { return }
        Ether.shared.partWires(of: self, to: peripheral.identifier)
        peripheral.unsubscribe()
        queue.async { self.delegate?.centralManager(self, didDisconnectPeripheral: peripheral, error: nil) }
    }

    func sees(_ manager: CBPeripheralManager, _ shown: [String: Any]) {
        let peripheral = known[manager.identifier] ?? CBPeripheral(manager.identifier)
        peripheral.remote = manager
        known[manager.identifier] = peripheral
        let handed = Handed(it: shown)
        queue.async {
            guard self.isScanning, self.state == .poweredOn else { return }
            self.delegate?.centralManager(self, didDiscover: peripheral, advertisementData: handed.it, rssi: -50)
        }
    }
}

public class CBPeripheral: CBPeer, @unchecked Sendable {
    struct Connection {
        let central: CBCentral
        let manager: CBCentralManager
    }

    public weak var delegate: (any CBPeripheralDelegate)?
    public private(set) var services: [CBService]?
    var remote: CBPeripheralManager?
    var link: Connection?
    private var waiting = 0
    private var wasRefused = false

    public func maximumWriteValueLength(for type: CBCharacteristicWriteType) -> Int { Ether.shared.claimed }

    public var canSendWriteWithoutResponse: Bool {
        if waiting < Ether.shared.room { return true }
        wasRefused = true
        Ether.shared.noRoom()
        return false
    }

    public func discoverServices(_ services: [CBUUID]?) {
        onAir { link, remote in
            let found = remote.service.map { it in
                let copy = CBService(it.uuid)
                copy.characteristics = it.characteristics?.map { CBCharacteristic($0.uuid) }
                return copy
            }
            link.manager.queue.async {
                self.services = found.map { [$0] } ?? []
                self.delegate?.peripheral(self, didDiscoverServices: nil)
            }
        }
    }

    public func discoverCharacteristics(_ characteristics: [CBUUID]?, for service: CBService) {
        onAir { link, _ in
            link.manager.queue.async { self.delegate?.peripheral(self, didDiscoverCharacteristicsFor: service, error: nil) }
        }
    }

    public func readValue(for characteristic: CBCharacteristic) {
        onAir { link, remote in
            var request: CBATTRequest?
            request = CBATTRequest(link.central, characteristic) { code in
                let value = request?.value
                request = nil
                link.manager.queue.async {
                    if code == .success { characteristic.value = value }
                    let error = code == .success ? nil : CBATTError(code: code)
                    self.delegate?.peripheral(self, didUpdateValueFor: characteristic, error: error)
                }
            }
            if let request { remote.queue.async { remote.delegate?.peripheralManager(remote, didReceiveRead: request) } }
        }
    }

    public func setNotifyValue(_ enabled: Bool, for characteristic: CBCharacteristic) {
        onAir { link, remote in
            remote.subscribers[link.central.identifier] = (self, characteristic)
            remote.queue.async { remote.delegate?.peripheralManager(remote, central: link.central, didSubscribeTo: characteristic) }
            link.manager.queue.async {
                characteristic.isNotifying = true
                self.delegate?.peripheral(self, didUpdateNotificationStateFor: characteristic, error: nil)
            }
        }
    }

    public func writeValue(_ data: Data, for characteristic: CBCharacteristic, type: CBCharacteristicWriteType) {
        guard let link, !link.manager.isAbandoned else { return }
        if type == .withoutResponse { waiting += 1 }
        Ether.shared.air.async {
            link.manager.queue.async { self.sent(type) }
        }
        Ether.shared.cross(data) {
            guard let remote = self.remote, self.link != nil else { return }
            let request = CBATTRequest(link.central, characteristic, value: data) { code in
                guard type == .withResponse else { return }
                let error = code == .success ? nil : CBATTError(code: code)
                link.manager.queue.async { self.delegate?.peripheral(self, didWriteValueFor: characteristic, error: error) }
            }
            remote.queue.async { remote.delegate?.peripheralManager(remote, didReceiveWrite: [request]) }
        }
    }

    private func sent(_ type: CBCharacteristicWriteType) {
        guard type == .withoutResponse else { return }
        waiting -= 1
        if wasRefused {
            wasRefused = false
            delegate?.peripheralIsReady(toSendWriteWithoutResponse: self)
        }
    }

    func hears(_ data: Data, _ characteristic: CBCharacteristic) {
        link?.manager.queue.async {
            characteristic.value = data
            self.delegate?.peripheral(self, didUpdateValueFor: characteristic, error: nil)
        }
    }

    func loses(_ service: CBService) {
        link?.manager.queue.async { self.delegate?.peripheral(self, didModifyServices: [service]) }
    }

    func unsubscribe() {
        guard let central = link?.central, let remote else { return }
        link = nil
        if let (_, characteristic) = remote.subscribers.removeValue(forKey: central.identifier) {
            remote.queue.async { remote.delegate?.peripheralManager(remote, central: central, didUnsubscribeFrom: characteristic) }
        }
    }

    private func onAir(_ act: @escaping (Connection, CBPeripheralManager) -> Void) {
        Ether.shared.air.async {
            if let link = self.link, let remote = self.remote { act(link, remote) }
        }
    }
}

public class CBPeripheralManager: CBManager, @unchecked Sendable {
    public weak var delegate: (any CBPeripheralManagerDelegate)?
    let queue: DispatchQueue
    let restoring: String?
    var phone: String { queue.label }
    private(set) var identifier = UUID()
    private(set) var service: CBService?
    private(set) var advertised: [String: Any]?
    var number: CBL2CAPPSM = 0
    var subscribers: [UUID: (CBPeripheral, CBCharacteristic)] = [:]
    private var waiting = 0
    private var wasRefused = false

    public init(delegate: (any CBPeripheralManagerDelegate)?, queue: DispatchQueue?, options: [String: Any]?) {
        self.delegate = delegate
        self.queue = queue ?? .main
        restoring = options?[CBPeripheralManagerOptionRestoreIdentifierKey] as? String
        super.init()
        Ether.shared.enter(self, restoring: restoring)
    }

    var isAbandoned: Bool { delegate == nil }

    public func add(_ service: CBMutableService) {
        Ether.shared.air.async {
            self.service = service
            self.queue.async { self.delegate?.peripheralManager(self, didAdd: service, error: nil) }
        }
    }

    public func removeAllServices() {
        Ether.shared.air.async {
            guard let gone = self.service else { return }
            self.service = nil
            for (peripheral, _) in self.subscribers.values { peripheral.loses(gone) }
        }
    }

    public func startAdvertising(_ advertisementData: [String: Any]?) {
        let handed = Handed(it: advertisementData)
        Ether.shared.air.async { self.advertised = handed.it }
    }

    public func stopAdvertising() { Ether.shared.air.async { self.advertised = nil } }

    public func respond(to request: CBATTRequest, withResult result: CBATTError.Code) {
        Ether.shared.air.async { request.answered(result) }
    }

    public func updateValue(
        _ value: Data, for characteristic: CBMutableCharacteristic, onSubscribedCentrals centrals: [CBCentral]?
    ) -> Bool {
        guard !isAbandoned, waiting < Ether.shared.room else {
            wasRefused = true
            Ether.shared.noRoom()
            return false
        }
        waiting += 1
        Ether.shared.air.async { self.queue.async { self.sent() } }
        let ids = centrals?.map(\.identifier) ?? []
        Ether.shared.cross(value) {
            for id in ids {
                if let (peripheral, characteristic) = self.subscribers[id] { peripheral.hears(value, characteristic) }
            }
        }
        return true
    }

    private func sent() {
        waiting -= 1
        if wasRefused {
            wasRefused = false
            delegate?.peripheralManagerIsReady(toUpdateSubscribers: self)
        }
    }

    func turn(_ now: CBManagerState) {
        if now != .poweredOn {
            (service, advertised, number) = (nil, nil, 0)
            for (peripheral, _) in Array(subscribers.values) { peripheral.link?.manager.breakAll() }
            for wire in Ether.shared.wires where wire.peripheral == identifier { wire.part() }
        }
        queue.async {
            self.state = now
            self.delegate?.peripheralManagerDidUpdateState(self)
        }
    }

    func inherit(_ before: CBPeripheralManager) {
        identifier = before.identifier
        service = before.service
        subscribers = before.subscribers
        for (peripheral, _) in subscribers.values { peripheral.remote = self }
        queue.async { self.delegate?.peripheralManager(self, willRestoreState: [:]) }
    }
}
