import Foundation

/// One TCP connection. Whoever uses it waits, on a thread that may; every wait ends at the time it is given, and at once when another
/// thread cancels. Sockets of the system's own, because they are the same on Linux, where this file is tested.
final class Socket: @unchecked Sendable {
    /// What came before the time was over.
    enum Come: Equatable {
        case bytes(Data)
        case late
        /// The stream broke, or the other end closed it, or somebody cancelled.
        case gone
    }

    /// At most so much is read at once.
    static let room = 4_096

    private let lookup = Lookup()
    // A byte in this pipe wakes whoever waits.
    private let (wakes, wake): (Int32, Int32)
    private var stream: Int32 = -1

    /// Fails when the system has no more files to give.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        (wakes, wake) = (ends[0], ends[1])
    }

    deinit {
        for file in [stream, wakes, wake] where file >= 0 { close(file) }
    }

    /// From any thread, and as often as one likes.
    func cancel() {
        lookup.cancel()
        withUnsafeBytes(of: UInt8(1)) { _ = write(wake, $0.baseAddress, 1) }
    }

    /// Whether there is a connection. A host has several addresses now and then: each is given its share of the time.
    func reach(_ host: String, _ port: UInt16, until: UInt64) -> Bool {
        var places = lookup.places(host, port, until: until)[...]
        while let place = places.popFirst(), now() < until {
            let share = (until - now()) / UInt64(places.count + 1)
            if reach(place, until: now() + max(share, 1)) { return true }
        }
        return false
    }

    /// Whether all of it was handed to the system.
    func send(_ bytes: Data, until: UInt64) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { hand($0, to: stream) }
            if sent > 0 {
                rest = rest.dropFirst(sent)
            } else if sent == 0 || !isOnlyBusy() || wait(POLLOUT, until: until) != .ready {
                return false
            }
        }
        return true
    }

    /// What comes next.
    func read(until: UInt64) -> Come {
        var bytes = [UInt8](repeating: 0, count: Self.room)
        while true {
            let length = recv(stream, &bytes, bytes.count, 0)
            if length > 0 { return .bytes(Data(bytes.prefix(length))) }
            guard length < 0, isOnlyBusy() else { return .gone }
            switch wait(POLLIN, until: until) {
            case .ready: continue
            case .late: return .late
            case .cancelled: return .gone
            }
        }
    }

    private func reach(_ place: Place, until: UInt64) -> Bool {
        if stream >= 0 { close(stream) }
        stream = socket(place.family, place.kind, place.way)
        guard stream >= 0, prepare(stream) else { return false }
        let length = socklen_t(place.address.count)
        let begun = place.address.withUnsafeBytes { bytes in
            bytes.bindMemory(to: sockaddr.self).baseAddress.map { connect(stream, $0, length) } ?? -1
        }
        if begun == 0 { return true }
        guard errno == EINPROGRESS, wait(POLLOUT, until: until) == .ready else { return false }
        var (trouble, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(stream, SOL_SOCKET, SO_ERROR, &trouble, &size) == 0 && trouble == 0
    }

    private enum Waited { case ready, late, cancelled }

    private func wait(_ what: Int32, until: UInt64) -> Waited {
        while true {
            var files = [pollfd(fd: stream, events: Int16(what), revents: 0), pollfd(fd: wakes, events: Int16(POLLIN), revents: 0)]
            let left = until > now() ? until - now() : 0
            let found = poll(&files, 2, Int32(clamping: left))
            if files[1].revents != 0 { return .cancelled }
            // An error or an end is ready too: the next call on the stream says which.
            if files[0].revents != 0 { return .ready }
            if found == 0, now() >= until { return .late }
            if found < 0, errno != EINTR { return .late }
        }
    }

    private func isOnlyBusy() -> Bool { errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR }
}

/// One address of a host.
private struct Place: Sendable {
    let family: Int32
    let kind: Int32
    let way: Int32
    let address: [UInt8]
}

/// Asks the system where a host is. That call can neither be given a time nor be stopped: it has a thread of its own, which is left behind.
private final class Lookup: @unchecked Sendable {
    private let lock = NSLock()
    private let done = DispatchSemaphore(value: 0)
    private var found: [Place] = []
    private var isCancelled = false

    func cancel() {
        lock.withLock { isCancelled = true }
        done.signal()
    }

    /// None when it is not known in time.
    func places(_ host: String, _ port: UInt16, until: UInt64) -> [Place] {
        Thread.detachNewThread { [self] in
            let all = Self.ask(host, port)
            lock.withLock { found = all }
            done.signal()
        }
        let left = until > now() ? until - now() : 0
        _ = done.wait(timeout: .now() + .milliseconds(Int(clamping: left)))
        return lock.withLock { isCancelled ? [] : found }
    }

    private static func ask(_ host: String, _ port: UInt16) -> [Place] {
        var wish = addrinfo()
        wish.ai_socktype = streamKind
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &wish, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { entry in
            guard let it = entry?.pointee, let address = it.ai_addr else { return nil }
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(it.ai_addrlen))
            return Place(family: it.ai_family, kind: it.ai_socktype, way: it.ai_protocol, address: Array(bytes))
        }
    }
}

/// Nothing on it blocks, small packets leave at once, and a broken stream is an answer, not a signal that ends the app.
private func prepare(_ stream: Int32) -> Bool {
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    guard fcntl(stream, F_SETFL, fcntl(stream, F_GETFL) | O_NONBLOCK) == 0 else { return false }
    #if !os(Linux)
        setsockopt(stream, SOL_SOCKET, SO_NOSIGPIPE, &yes, size)
    #endif
    return setsockopt(stream, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size) == 0
}

#if os(Linux)
    private let (streamKind, quietly) = (Int32(SOCK_STREAM.rawValue), Int32(MSG_NOSIGNAL))
#else
    private let (streamKind, quietly) = (SOCK_STREAM, Int32(0))
#endif

/// The system's own call, which has the name of a method above.
private func hand(_ bytes: UnsafeRawBufferPointer, to stream: Int32) -> Int { send(stream, bytes.baseAddress, bytes.count, quietly) }
