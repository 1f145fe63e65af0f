#if os(Linux)
import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// The system kills the app while it is in a callback of the wallet's: another process, really killed, whose wallets are then opened here.
final class KilledTest: FolderTest {
    func testInWhatListensLogsTellsTheTimeAndKeepsTheKey() throws {
        for (callback, time) in [("changed", 2), ("log", 1), ("now", 6), ("unwrap", 1), ("wrap", 1)] { try killed(in: callback, time) }
    }

    func testInWhatTheRadioIsAskedToDo() throws {
        for (callback, time) in [("connect", 1), ("send", 2), ("send", 9), ("hangUp", 1), ("wakeAt", 3)] { try killed(in: callback, time) }
    }

    /// What the killed process does. In this one it has nothing to do.
    func testVictim() throws {
        guard let words = ProcessInfo.processInfo.environment["HAZEL_VICTIM"]?.components(separatedBy: " ") else { return }
        try Victim(folder: words[0], callback: words[2], time: XCTUnwrap(Int(words[3]))).run(tally: words[1])
    }

    private func killed(in callback: String, _ time: Int) throws {
        let place = folder + "/\(callback)-\(time)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let pair = try SimulatedPair.fresh(folder: place, seed: 41)
        let tally = try opened(pair, pair.left(), pair.right())
        try pair.left().shut()
        try pair.right().shut()
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["HazelWalletTests.KilledTest/testVictim"]
        process.environment = ProcessInfo.processInfo.environment.merging(["HAZEL_VICTIM": "\(place) \(tally) \(callback) \(time)"]) { $1 }
        process.standardOutput = pipe
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).components(separatedBy: "\n")
        process.waitUntilExit()
        XCTAssertEqual(process.terminationReason, .uncaughtSignal, "\(callback): \(said.suffix(5))")
        XCTAssertEqual(process.terminationStatus, SIGKILL, callback)
        // What the app was told that it has paid is there, at most one payment more, and nothing is damaged.
        func open(_ name: String) throws -> Wallet { try Wallet.open(file: place + "/" + name, keys: LabKeys(), clock: nil) }
        let (ana, ben) = (try open("ana.hazel"), try open("ben.hazel"))
        let paid = said.filter { $0.hasPrefix("paid ") }.map { String($0.dropFirst(5)) }
        for chit in paid { XCTAssertNotEqual(try ana.went(tally: tally, chit: chit), .neverSigned, callback) }
        let owed = try -ana.home().position.net
        XCTAssertTrue([0, 100].contains(owed - Int64(paid.count) * 100), "\(callback): \(owed) after \(paid.count) payments")
        let again = try SimulatedPair(left: ana, right: ben, seed: 42)
        XCTAssertEqual(try again.meet(tally: tally, faults: Faults()).left.ending, .inSync, callback)
        XCTAssertEqual(try ben.home().position.finalNet, owed, callback)
        for wallet in [ana, ben] { XCTAssertEqual(try wallet.audit().run().findings, [], callback) }
        // Of a wallet that was being made there is nothing, and nothing in the way of the next one.
        let third = place + "/cem.hazel"
        XCTAssertFalse(FileManager.default.fileExists(atPath: third), callback)
        try Wallet.create(file: third, keys: LabKeys(), name: "Cem", words: newWords(), clock: nil).shut()
    }
}

/// Pays, and meets over a radio of threads, until the callback of that name is made for the so-manieth time.
private final class Victim: Listener, LogSink, Clock, KeyStore, @unchecked Sendable {
    private let folder: String
    private let callback: String
    private let lock = NSLock()
    private var left: Int
    fileprivate let air = DispatchQueue(label: "air")
    fileprivate var ends: [Nearby] = []

    init(folder: String, callback: String, time: Int) {
        (self.folder, self.callback, left) = (folder, callback, time)
    }

    func passes(_ name: String) {
        guard name == callback else { return }
        let isNow = lock.withLock { () -> Bool in
            left -= 1
            return left == 0
        }
        // Nothing is written any more: as the system does it.
        if isNow { kill(getpid(), SIGKILL) }
    }

    func run(tally: String) throws {
        let wallets = try ["ana", "ben"].map { try Wallet.open(file: "\(folder)/\($0).hazel", keys: self, clock: self) }
        if callback == "wrap" { _ = try Wallet.create(file: "\(folder)/cem.hazel", keys: self, name: "Cem", words: newWords(), clock: self) }
        try wallets[0].listen(listener: self)
        try wallets[0].logTo(sink: self)
        ends = try wallets.enumerated().map { try Nearby(wallet: $1, radio: Ether(side: $0, victim: self)) }
        for _ in 0..<5 {
            let chit = try wallets[0].pay(tally: tally, payment: Payment(units: 100))
            FileHandle.standardOutput.write(Data("paid \(chit)\n".utf8))
        }
        let tags = try wallets.map { try Sight.whole(tag: XCTUnwrap($0.beacons().first).tag.bytes) }
        _ = try ends[0].seen(peer: "ben", sight: tags[1], now: moment())
        _ = try ends[1].seen(peer: "ana", sight: tags[0], now: moment())
        Thread.sleep(forTimeInterval: 15)
    }

    func changed(notice: Notice) throws { passes("changed") }
    func log(level: LogLevel, line: String) throws { passes("log") }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }

    func wrap(secret: Data) throws -> Data {
        passes("wrap")
        return Data(secret.reversed())
    }

    func now() throws -> UInt64 {
        passes("now")
        return UInt64(Date().timeIntervalSince1970)
    }

    func unwrap(wrapped: Data) throws -> Data {
        passes("unwrap")
        return Data(wrapped.reversed())
    }
}

private final class Ether: Radio, @unchecked Sendable {
    private let side: Int
    private let victim: Victim

    init(side: Int, victim: Victim) { (self.side, self.victim) = (side, victim) }

    func connect(peer: String) throws {
        does("connect") { mine, theirs in
            try theirs.linkUp(link: 1, peer: "caller", mtu: 185, dialing: false, now: moment())
            try mine.linkUp(link: 1, peer: peer, mtu: 185, dialing: true, now: moment())
        }
    }

    func send(link: UInt64, packet: Data) throws {
        does("send") { _, theirs in try theirs.packet(link: link, bytes: packet, mtu: 185, now: moment()) }
    }

    func hangUp(link: UInt64) throws {
        does("hangUp") { mine, theirs in for end in [mine, theirs] { try end.linkDown(link: link, now: moment()) } }
    }

    func wakeAt(at: UInt64) throws {
        does("wakeAt", Int(min(at - min(at, moment()), 60_000))) { mine, _ in try mine.tick(now: moment()) }
    }

    private func does(_ name: String, _ milliseconds: Int = 1, _ act: @escaping @Sendable (Nearby, Nearby) throws -> Void) {
        victim.passes(name)
        victim.air.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [self] in
            try? act(victim.ends[side], victim.ends[1 - side])
        }
    }
}

/// Milliseconds of a clock that never goes back.
private func moment() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }
#endif
