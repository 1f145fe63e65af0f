#if canImport(CoreBluetooth)
@preconcurrency import CoreBluetooth
import Foundation
import HazelBridge

/// The phone's radio, driven by the wallet: shows itself, looks around, calls and is called. Everything runs on one queue of its own;
/// who calls whom, and what is said, the wallet decides.
///
/// The system relaunches an app that it ended while a radio was running: make this object again while the app launches, with the same
/// name, and `start` it. ``diagnose()`` says what is in the way. docs/guides/ios.md tells what iOS does to it in the background.
public final class Bluetooth: Radio, @unchecked Sendable {
    private let wallet: Wallet
    private let name: String
    private let queue: DispatchQueue

    // Everything below lives on the queue.
    private var nearby: Nearby?
    private var central: GattCentral?
    private var server: GattServer?
    private var lookout = Lookout()
    private var links: [UInt64: any Link] = [:]
    private var lastNumber: UInt64 = 0
    private var shown = 0
    private var isRunning = false
    private var isInFront = false
    private var waking: DispatchWorkItem?

    // The one thing that is asked from other threads.
    private let lock = NSLock()
    private var power = Circumstances.Power.unknown

    /// A radio for this wallet. `name` is what the system knows it by after it has ended the app; it stays the same for good.
    public init(_ wallet: Wallet, name: String = "org.hazel.radio") {
        self.wallet = wallet
        self.name = name
        queue = DispatchQueue(label: name)
    }

    /// What keeps phones from meeting, most urgent first; empty if nothing does. Never asks the person.
    public func diagnose() -> [Blocker] {
        let leave: Circumstances.Leave =
            switch CBManager.authorization {
            case .allowedAlways: .given
            case .notDetermined: .notAsked
            default: .refused
            }
        let savesPower = ProcessInfo.processInfo.isLowPowerModeEnabled
        return Circumstances(leave: leave, power: lock.withLock { power }, savesPower: savesPower).blockers
    }

    /// Shows this phone to its partners and looks out for them; the first time the system asks the person. Answers what is in the way.
    /// A radio that is only switched off is waited for.
    @discardableResult
    public func start() -> [Blocker] {
        let inTheWay = diagnose().filter { !$0.isOnlyAHint }
        if inTheWay.allSatisfy({ $0 == .switchedOff }) { queue.async { if !self.isRunning { self.begin() } } }
        return inTheWay
    }

    /// Ends every meeting and is silent. Nothing is lost: what was not confirmed is said again.
    public func stop() {
        queue.async { [self] in
            guard isRunning else { return }
            isRunning = false
            waking?.cancel()
            central?.stopLooking()
            server?.hide()
            quietly { try nearby?.stop(now: now()) }
            nearby = nil
            // What the meetings have still to say leaves before the links are closed.
            queue.asyncAfter(deadline: .now() + Self.parting) { if !self.isRunning { self.end() } }
        }
    }

    /// The app came to the front, or left it: tell it each time, and when you have made this object. In front, packets may go over a
    /// channel, which is faster. Behind, what comes over a channel wakes no app, so everything goes over the service; that is also
    /// what holds as long as nothing was told.
    public func inFront(_ inFront: Bool) {
        queue.async { [self] in
            isInFront = inFront
            server?.isInFront = inFront
            if !inFront { for link in Array(links.values) where link.isChannel { link.leave() } }
        }
    }

    /// The person wants to meet this partner now.
    public func meet(_ tally: String) {
        queue.async { self.quietly { try self.nearby?.meet(tally: tally) } }
    }

    /// Meets somebody new without a camera. With a `side` this phone waits to be called, and invites to a tally on which it holds that
    /// half; without one it calls who waits. `terms` is the credit I would grant. Notices tell what comes of it: first `compare`, which
    /// wants ``codesMatch(_:)``.
    public func meetNewcomer(side: Side?, terms: Terms) {
        queue.async { [self] in
            quietly {
                if let side { try nearby?.awaitNewcomer(side: side, terms: terms) } else { try nearby?.seekNewcomer(terms: terms) }
            }
            // The two people wait for it: it is shown at once, and first in its turn.
            shown = 0
            if isRunning, let first = tags().first { server?.show(first) }
        }
    }

    /// What the person says after they have compared the two screens.
    public func codesMatch(_ same: Bool) {
        queue.async { self.quietly { try self.nearby?.codesMatch(same: same, now: now()) } }
    }

    /// Nobody new is to be met any more.
    public func leaveNewcomer() {
        queue.async { self.quietly { try self.nearby?.leaveNewcomer(now: now()) } }
    }

    private func begin() {
        end()
        guard let nearby = quietly({ try Nearby(wallet: wallet, radio: self) }) else { return }
        self.nearby = nearby
        isRunning = true
        server = GattServer(queue: queue, name: name, ears: self) { [weak self] in self?.tags() ?? [] }
        server?.isInFront = isInFront
        central = GattCentral(queue: queue, name: name, ears: self)
        show()
    }

    private func end() {
        central?.end()
        server?.end()
        (central, server) = (nil, nil)
        links = [:]
        lookout = Lookout()
    }

    /// Shows one partner's tag after the other: there is room for one in the air.
    private func show() {
        guard isRunning else { return }
        let tags = self.tags()
        if !tags.isEmpty {
            server?.show(tags[shown % tags.count])
            shown += 1
        }
        queue.asyncAfter(deadline: .now() + Self.turn) { [weak self] in self?.show() }
    }

    private func tags() -> [ShownTag] {
        guard let nearby else { return [] }
        return quietly { try nearby.tags() } ?? []
    }

    // What the wallet wants of the radio, from the wallet's own thread.

    public func connect(peer: String) throws {
        queue.async { if self.central?.call(peer) != true { self.unreachable(peer) } }
    }

    public func send(link: UInt64, packet: Data) throws {
        queue.async { self.links[link]?.send(packet) }
    }

    public func hangUp(link: UInt64) throws {
        queue.async { [self] in
            links[link]?.close()
            // A stack that never has room must not keep a link for ever.
            queue.asyncAfter(deadline: .now() + Self.leaving) { [weak self] in self?.links[link]?.leave() }
        }
    }

    public func wakeAt(at: UInt64) throws {
        queue.async { [self] in
            waking?.cancel()
            let wake = DispatchWorkItem { [weak self] in self?.quietly { try self?.nearby?.tick(now: now()) } }
            waking = wake
            let wait = at - min(at, now())
            queue.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: wait)), execute: wake)
        }
    }

    /// A wallet that was closed meets nobody; what is left is only to be silent.
    @discardableResult
    private func quietly<T>(_ call: () throws -> T) -> T? {
        do {
            return try call()
        } catch {
            if (error as? HazelError)?.isClosed == true { isRunning = false }
            return nil
        }
    }

    /// How long one tag is shown.
    private static let turn = DispatchTimeInterval.seconds(4)
    private static let parting = DispatchTimeInterval.milliseconds(500)
    private static let leaving = DispatchTimeInterval.seconds(2)
}

extension Bluetooth: Ears {
    func saw(_ peer: String, _ sights: [Sight]) {
        switch lookout.sees(peer, sights, now: now()) {
        case .tags(let tags): recognise(peer, tags)
        case .ask: if central?.ask(peer) != true { lookout.hears(peer, tags: nil, now: now()) }
        case .nothing: break
        }
    }

    func told(_ peer: String, tags: [Sight]?) {
        lookout.hears(peer, tags: tags, now: now())
        recognise(peer, tags ?? [])
    }

    private func recognise(_ peer: String, _ tags: [Sight]) {
        for tag in tags { quietly { try nearby?.seen(peer: peer, sight: tag, now: now()) } }
    }

    func up(_ link: any Link, peer: String, dialing: Bool) {
        lastNumber += 1
        links[lastNumber] = link
        quietly {
            if link.isChannel {
                try nearby?.channelUp(link: lastNumber, peer: peer, dialing: dialing, now: now())
            } else {
                try nearby?.linkUp(link: lastNumber, peer: peer, mtu: link.mtu, dialing: dialing, now: now())
            }
        }
    }

    func channel(of peer: String, told: UInt16) -> UInt16? {
        guard isInFront else { return nil }
        return quietly { try nearby?.channel(peer: peer, told: told) } ?? nil
    }

    func noChannel(_ peer: String) {
        quietly { try nearby?.noChannel(peer: peer) }
    }

    func packet(_ bytes: Data, on link: any Link) {
        guard let number = number(of: link) else { return }
        quietly { try nearby?.packet(link: number, bytes: bytes, mtu: link.mtu, now: now()) }
    }

    func down(_ link: any Link) {
        guard let number = number(of: link) else { return }
        links[number] = nil
        quietly { try nearby?.linkDown(link: number, now: now()) }
    }

    func unreachable(_ peer: String) {
        quietly { try nearby?.noLink(peer: peer) }
    }

    func power(_ power: Circumstances.Power) {
        lock.withLock { self.power = power }
    }

    /// There are two or three at a time.
    private func number(of link: any Link) -> UInt64? { links.first { $0.value === link }?.key }
}
#endif
