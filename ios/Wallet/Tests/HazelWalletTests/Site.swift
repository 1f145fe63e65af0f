import Foundation
import XCTest

/// A site that really runs: the program `hazel` in a process of its own.
final class Site {
    /// The site's key, by which it is named.
    let name: String
    private let program: URL
    private let folder: String
    private var process: Process?

    /// Where the program is stands in `HAZEL_PROGRAM`; CI sets it.
    init(in folder: String) throws {
        guard let program = ProcessInfo.processInfo.environment["HAZEL_PROGRAM"] else { throw XCTSkip("HAZEL_PROGRAM names no program") }
        self.program = URL(fileURLWithPath: program)
        self.folder = folder + "/site"
        let port = try BadPort(.deaf).port
        let said = try Self.run(
            self.program, ["init", "--host", "127.0.0.1", "--listen", "127.0.0.1:\(port)", "--pages", "127.0.0.1:0"], self.folder)
        name = try XCTUnwrap(said["key"] as? String)
        try start()
    }

    deinit { stop() }

    /// Serves when it returns.
    func start() throws {
        let (process, told) = (Process(), Pipe())
        process.executableURL = program
        process.arguments = ["site", "run", "--site", folder]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = told
        try process.run()
        self.process = process
        // Its first line says that it serves; the others are read, so that it never waits for a reader.
        let first = String(decoding: told.fileHandleForReading.availableData, as: UTF8.self)
        guard first.contains("\"serving\"") else { throw Unexpected(what: first) }
        told.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    /// Killed, as by a cut of its power.
    func stop() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// A ticket, good once.
    func ticket(_ user: String) throws -> String {
        try XCTUnwrap(Self.run(program, ["invite", user], folder)["ticket"] as? String)
    }

    private static func run(_ program: URL, _ arguments: [String], _ folder: String) throws -> [String: Any] {
        let (process, said) = (Process(), Pipe())
        process.executableURL = program
        process.arguments = ["site", "--json", "--site", folder] + arguments
        process.standardOutput = said
        try process.run()
        let bytes = said.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [String: Any], String(decoding: bytes, as: UTF8.self))
    }
}

/// A port of this machine behind which somebody behaves badly.
final class BadPort: @unchecked Sendable {
    enum Manners {
        /// Takes no call.
        case deaf
        /// Reads a little and hangs up.
        case rude
        /// Takes the call, and says nothing.
        case silent
        /// Says what no site says, without an end.
        case babbling
    }

    let port: UInt16
    private let stream: Int32
    private let manners: Manners

    init(_ manners: Manners) throws {
        self.manners = manners
        let stream = socket(AF_INET, streamKind, 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fine = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(stream, $0, size) == 0 && getsockname(stream, $0, &size) == 0 }
        }
        self.stream = stream
        guard fine else { throw Unexpected(what: "no port") }
        port = UInt16(bigEndian: place.sin_port)
        if manners == .deaf { return }
        guard listen(stream, 4) == 0 else { throw Unexpected(what: "nothing listens") }
        Thread.detachNewThread { Self.serve(stream, manners) }
    }

    deinit {
        shutdown(stream, Int32(SHUT_RDWR))
        // Whoever serves closes it: closed here, its number could be another socket's by the time he looks for the next call.
        if manners == .deaf { close(stream) }
    }

    private static func serve(_ stream: Int32, _ manners: Manners) {
        var calls: [Int32] = []
        while true {
            let call = accept(stream, nil, nil)
            if call < 0 { break }
            calls.append(call)
            var bytes = [UInt8](repeating: 7, count: 4_096)
            switch manners {
            case .deaf, .silent: break
            case .rude:
                _ = recv(call, &bytes, bytes.count, 0)
                shutdown(call, Int32(SHUT_RDWR))
            case .babbling: while send(call, bytes, bytes.count, quietly) > 0 {}
            }
        }
        for call in calls + [stream] { close(call) }
    }
}

#if os(Linux)
    private let (streamKind, quietly) = (Int32(SOCK_STREAM.rawValue), Int32(MSG_NOSIGNAL))
#else
    private let (streamKind, quietly) = (SOCK_STREAM, Int32(0))
#endif
