// For Linux only, and for tests only: the air between the fakes of this module. It does what a test tells it to do wrong.

import Foundation

/// Everybody in the room. A phone is the label of the queue that its managers are given.
public final class Ether: @unchecked Sendable {
    public static let shared = Ether()

    /// Everything that happens between phones happens here, one after the other.
    let air = DispatchQueue(label: "ether")
    private let lock = NSLock()
    private var settings = Settings()
    private var centrals: [CBCentralManager] = []
    private var managers: [CBPeripheralManager] = []
    private var isTicking = false
    /// Channels that are open. Lives on the air.
    var wires: [Wire] = []

    /// What becomes of a channel that somebody opens.
    public enum Opening: Sendable { case open, refused, late }

    private struct Settings {
        var authorization = CBManagerAuthorization.allowedAlways
        var carried = 182
        var claimed = 182
        var lost: Set<Int> = []
        var doubled: Set<Int> = []
        var late: Set<Int> = []
        var inBackground: Set<String> = []
        var off: Set<String> = []
        var room = 4
        var packets = 0
        var cutAt = Int.max
        var cuts = 0
        var killAt: [String: Int] = [:]
        var killed: Set<String> = []
        var restored = 0
        var refusals = 0
        var channels = Opening.open
        var asked: [Opening] = []
        var pieces = 0
        var channelCutAt = Int.max
        var nonsenseAt = Int.max
    }

    /// What the person has allowed.
    public var authorization: CBManagerAuthorization {
        get { lock.withLock { settings.authorization } }
        set { lock.withLock { settings.authorization = newValue } }
    }

    /// What one packet really carries. Longer ones are lost without a word.
    public var carried: Int {
        get { lock.withLock { settings.carried } }
        set { lock.withLock { settings.carried = newValue } }
    }

    /// What the radio says it carries.
    public var claimed: Int {
        get { lock.withLock { settings.claimed } }
        set { lock.withLock { settings.claimed = newValue } }
    }

    /// How many packets a stack takes before it has no room.
    public var room: Int {
        get { lock.withLock { settings.room } }
        set { lock.withLock { settings.room = newValue } }
    }

    /// These packets, counted from 1, are lost, come twice, or come half a second late.
    public func spoil(lost: Set<Int> = [], doubled: Set<Int> = [], late: Set<Int> = []) {
        lock.withLock { (settings.lost, settings.doubled, settings.late) = (lost, doubled, late) }
    }

    /// What becomes of channels from now on.
    public var channels: Opening {
        get { lock.withLock { settings.channels } }
        set { lock.withLock { settings.channels = newValue } }
    }

    /// What became of each channel that was asked for.
    public var asked: [Opening] { lock.withLock { settings.asked } }

    /// How many pieces have crossed channels.
    public var pieces: Int { lock.withLock { settings.pieces } }

    /// Channels break, and only they, when so many pieces have crossed them; or that piece is nonsense.
    public func spoilChannel(cutAt: Int = .max, nonsenseAt: Int = .max) {
        lock.withLock { (settings.channelCutAt, settings.nonsenseAt) = (cutAt, nonsenseAt) }
    }

    /// Phones whose app is not in front: no name in their advertisements.
    public func background(_ phone: String, _ is: Bool = true) {
        lock.withLock { _ = `is` ? settings.inBackground.insert(phone).inserted : settings.inBackground.remove(phone) != nil }
    }

    /// All links break when so many packets more have crossed.
    public func cut(after packets: Int) {
        lock.withLock { settings.cutAt = settings.packets + packets }
    }

    /// How often all links broke.
    public var cuts: Int { lock.withLock { settings.cuts } }

    /// How many packets have crossed.
    public var packets: Int { lock.withLock { settings.packets } }

    /// How often a stack had no room for one.
    public var refusals: Int { lock.withLock { settings.refusals } }

    /// How often a manager was made that the system had something to restore for.
    public var restorations: Int { lock.withLock { settings.restored } }

    /// An empty room again.
    public func clear() {
        air.sync {
            for central in centrals { central.delegate = nil }
            for manager in managers { manager.delegate = nil }
            (centrals, managers, wires) = ([], [], [])
        }
        lock.withLock { settings = Settings() }
    }

    /// The radio of a phone is switched off or on.
    public func power(_ phone: String, on: Bool) {
        lock.withLock { _ = on ? settings.off.remove(phone) : settings.off.insert(phone).memberAfterInsert }
        air.async { [self] in
            for manager in managers where manager.phone == phone { manager.turn(state(of: phone)) }
            for central in centrals where central.phone == phone { central.turn(state(of: phone)) }
        }
    }

    private func state(of phone: String) -> CBManagerState {
        lock.withLock { settings.off.contains(phone) } ? .poweredOff : .poweredOn
    }

    /// The system ends the app of a phone after so many packets more: nobody there hears or says anything any more, and its connections
    /// stay until they are restored.
    public func kill(_ phone: String, after packets: Int) {
        lock.withLock { settings.killAt[phone] = settings.packets + packets }
    }

    /// Whether the app of a phone was ended.
    public func isKilled(_ phone: String) -> Bool { lock.withLock { settings.killed.contains(phone) } }

    private func end(_ phone: String) {
        air.async { [self] in
            for central in centrals where central.phone == phone { central.delegate = nil }
            for manager in managers where manager.phone == phone { manager.delegate = nil }
            lock.withLock { _ = settings.killed.insert(phone) }
        }
    }

    func enter(_ central: CBCentralManager, restoring: String?) {
        air.async { [self] in
            let before = centrals.first { $0.phone == central.phone && $0.isAbandoned && $0.restoring == restoring }
            centrals.removeAll { $0.phone == central.phone && $0.isAbandoned }
            centrals.append(central)
            if let before, restoring != nil { restore(central, before.known) }
            central.turn(state(of: central.phone))
            tick()
        }
    }

    func enter(_ manager: CBPeripheralManager, restoring: String?) {
        air.async { [self] in
            let before = managers.first { $0.phone == manager.phone && $0.isAbandoned && $0.restoring == restoring }
            managers.removeAll { $0.phone == manager.phone && $0.isAbandoned }
            managers.append(manager)
            if let before, restoring != nil {
                lock.withLock { settings.restored += 1 }
                manager.inherit(before)
            }
            manager.turn(state(of: manager.phone))
        }
    }

    func leave(_ manager: CBManager) {
        air.async { [self] in
            centrals.removeAll { $0 === manager }
            managers.removeAll { $0 === manager }
        }
    }

    private func restore(_ central: CBCentralManager, _ known: [UUID: CBPeripheral]) {
        lock.withLock { settings.restored += 1 }
        central.inherit(known)
    }

    func noRoom() { lock.withLock { settings.refusals += 1 } }

    /// A packet crosses, or does not. `deliver` is what happens on the other side.
    func cross(_ packet: Data, _ deliver: @escaping @Sendable () -> Void) {
        let (no, fate) = lock.withLock { () -> (Int, Settings) in
            settings.packets += 1
            return (settings.packets, settings)
        }
        if no >= fate.cutAt {
            lock.withLock { (settings.cutAt, settings.cuts) = (.max, settings.cuts + 1) }
            air.async { for central in self.centrals { central.breakAll() } }
        }
        for (phone, at) in fate.killAt where no >= at {
            lock.withLock { settings.killAt[phone] = nil }
            end(phone)
        }
        if packet.count > fate.carried || fate.lost.contains(no) { return }
        if fate.late.contains(no) { return air.asyncAfter(deadline: .now() + .milliseconds(500), execute: deliver) }
        air.async(execute: deliver)
        if fate.doubled.contains(no) { air.async(execute: deliver) }
    }

    func noteChannel(_ what: Opening) { lock.withLock { settings.asked.append(what) } }

    /// A piece of a channel's stream crosses. Nothing is lost, doubled or late on one: it breaks.
    func crossChannel(_ piece: Data, _ deliver: @escaping @Sendable (Data) -> Void) {
        let (no, fate) = lock.withLock { () -> (Int, Settings) in
            settings.pieces += 1
            return (settings.pieces, settings)
        }
        if no >= fate.channelCutAt {
            lock.withLock { settings.channelCutAt = .max }
            air.async { for wire in self.wires { wire.part() } }
        }
        let arrives = no >= fate.nonsenseAt ? Data(repeating: 0xff, count: piece.count) : piece
        if no >= fate.nonsenseAt { lock.withLock { settings.nonsenseAt = .max } }
        air.async { deliver(arrives) }
    }

    /// The connection that these channels were on is gone.
    func partWires(of central: CBCentralManager, to peripheral: UUID) {
        for wire in wires where wire.central === central && wire.peripheral == peripheral { wire.part() }
        wires.removeAll { $0.central === central && $0.peripheral == peripheral }
    }

    private func tick() {
        guard !isTicking, !centrals.isEmpty else { return }
        isTicking = true
        air.asyncAfter(deadline: .now() + .milliseconds(20)) { [self] in
            isTicking = false
            let hidden = lock.withLock { settings.inBackground }
            for central in centrals {
                for manager in managers where manager.phone != central.phone {
                    guard var shown = manager.advertised else { continue }
                    if hidden.contains(manager.phone) { shown[CBAdvertisementDataLocalNameKey] = nil }
                    central.sees(manager, shown)
                }
            }
            tick()
        }
    }
}
