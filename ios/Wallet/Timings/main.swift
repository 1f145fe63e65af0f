import Foundation
import HazelBridge

// What a screen costs from Swift. `ffi/timings.sh` runs it and prints the same calls from Rust beside it.

/// Opens what the lab's own wallets were made with.
final class LabKeys: KeyStore {
    func wrap(secret: Data) throws -> Data { Data(secret.reversed()) }
    func unwrap(wrapped: Data) throws -> Data { Data(wrapped.reversed()) }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }
}

/// The middle one of so many, in microseconds.
func middle(_ times: Int, _ call: () throws -> Void) rethrows -> UInt64 {
    var taken: [UInt64] = []
    for _ in 0..<times {
        let began = DispatchTime.now().uptimeNanoseconds
        try call()
        taken.append((DispatchTime.now().uptimeNanoseconds - began) / 1_000)
    }
    return taken.sorted()[times / 2]
}

guard CommandLine.arguments.count == 2 else { fatalError("timings FOLDER") }
let file = CommandLine.arguments[1] + "/ben.hazel"
func open() throws -> Wallet { try Wallet.open(file: file, keys: LabKeys(), clock: nil) }

let cold = try middle(21) {
    let wallet = try open()
    _ = try wallet.home()
    try wallet.shut()
}
let wallet = try open()
let tallies = try wallet.home().tallies
let home = try middle(301) { _ = try wallet.home() }
var turn = 0
let page = try middle(301) {
    turn += 1
    _ = try wallet.tally(tally: tallies[turn % tallies.count].id, page: PageOf())
}
print("Swift: open to first home \(cold) us, home \(home) us, a page of 30 \(page) us")
