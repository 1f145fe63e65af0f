#if canImport(CoreBluetooth)
@preconcurrency import CoreBluetooth
import Foundation

/// The side that looks around and calls. Lives on the radio's queue, where the system calls it back.
final class GattCentral: NSObject, @unchecked Sendable {
    private let queue: DispatchQueue
    private unowned let ears: any Ears
    private var manager: CBCentralManager?
    // The system forgets a peripheral that nobody holds.
    private var seen: [UUID: CBPeripheral] = [:]
    private var clients: [UUID: GattClient] = [:]
    private var leftOver: [CBPeripheral] = []
    private var isLooking = true

    /// At most so many are held; whoever is still near is seen again.
    private static let most = 256

    init(queue: DispatchQueue, name: String, ears: any Ears) {
        self.queue = queue
        self.ears = ears
        super.init()
        // A switched-off radio is a line on our own screen, not an alert of the system's.
        let options: [String: Any] = [
            CBCentralManagerOptionRestoreIdentifierKey: name + ".central",
            CBCentralManagerOptionShowPowerAlertKey: false,
        ]
        manager = CBCentralManager(delegate: self, queue: queue, options: options)
    }

    /// Connects to be a link. False if this peer was not seen.
    func call(_ peer: String) -> Bool { connect(peer, toAsk: false) }

    /// Connects to read the tags, and leaves. False if this peer was not seen, or is connected already.
    func ask(_ peer: String) -> Bool { connect(peer, toAsk: true) }

    func stopLooking() {
        isLooking = false
        if manager?.state == .poweredOn { manager?.stopScan() }
    }

    func end() {
        stopLooking()
        for client in Array(clients.values) { client.leave() }
        manager?.delegate = nil
        manager = nil
    }

    private func connect(_ peer: String, toAsk: Bool) -> Bool {
        guard let manager, manager.state == .poweredOn, let id = UUID(uuidString: peer), let peripheral = seen[id],
            clients[id] == nil
        else { return false }
        let client = GattClient(peripheral, queue: queue, toAsk: toAsk, ears: ears) { [weak self] client in
            self?.clients[id] = nil
            if self?.manager?.state == .poweredOn { self?.manager?.cancelPeripheralConnection(client.peripheral) }
        }
        clients[id] = client
        manager.connect(peripheral, options: nil)
        client.begin()
        return true
    }
}

extension GattCentral: CBCentralManagerDelegate {
    func centralManager(_ central: CBCentralManager, willRestoreState state: [String: Any]) {
        // Their sessions ended with the process that had them: they are closed, and the next meeting says everything again.
        leftOver = state[CBCentralManagerRestoredStatePeripheralsKey] as? [CBPeripheral] ?? []
    }

    func centralManagerDidUpdateState(_ central: CBCentralManager) {
        ears.power(power(of: central.state))
        guard central.state == .poweredOn else {
            // The system tells of none of them.
            for client in Array(clients.values) { client.lost() }
            seen = [:]
            return
        }
        for peripheral in leftOver { central.cancelPeripheralConnection(peripheral) }
        leftOver = []
        // Again and again, since tags take turns. In the background the system does not repeat itself.
        let options = [CBCentralManagerScanOptionAllowDuplicatesKey: true]
        if isLooking { central.scanForPeripherals(withServices: [CBUUID(string: Gatt.service)], options: options) }
    }

    func centralManager(
        _ central: CBCentralManager, didDiscover peripheral: CBPeripheral, advertisementData: [String: Any], rssi: NSNumber
    ) {
        if seen.count >= Self.most { seen = seen.filter { clients[$0.key] != nil } }
        seen[peripheral.identifier] = peripheral
        let manufacturer = advertisementData[CBAdvertisementDataManufacturerDataKey] as? Data
        let name = advertisementData[CBAdvertisementDataLocalNameKey] as? String
        ears.saw(peripheral.identifier.uuidString, sights(manufacturer: manufacturer, name: name))
    }

    func centralManager(_ central: CBCentralManager, didConnect peripheral: CBPeripheral) {
        guard let client = clients[peripheral.identifier] else { return central.cancelPeripheralConnection(peripheral) }
        client.connected()
    }

    func centralManager(_ central: CBCentralManager, didFailToConnect peripheral: CBPeripheral, error: (any Error)?) {
        clients[peripheral.identifier]?.lost()
    }

    func centralManager(_ central: CBCentralManager, didDisconnectPeripheral peripheral: CBPeripheral, error: (any Error)?) {
        clients[peripheral.identifier]?.lost()
    }
}

/// What a manager's state says of the radio.
func power(of state: CBManagerState) -> Circumstances.Power {
    switch state {
    case .poweredOn: .on
    case .poweredOff: .off
    case .unsupported: .missing
    // Resetting comes back by itself; leave is asked for elsewhere.
    default: .unknown
    }
}
#endif
