import Foundation

/// Packets on their way to a stack that says, later, when it has room. Closing waits for what was written before. Used from one queue only.
final class PacketQueue {
    /// What the stack did with a packet.
    enum Answer {
        /// Took it, and takes the next one.
        case taken
        /// Took it, and says when it is ready for more.
        case last
        /// Has no room now; the packet stays, and it says when there is room.
        case full
    }

    private let give: (Data) -> Answer
    private let whenClosed: () -> Void
    private var waiting: [Data] = []
    private var isBusy = false
    private var isClosing = false
    private var isClosed = false

    /// What does not fit is said again by the session; memory is not for it.
    static let most = 512

    init(give: @escaping (Data) -> Answer, close: @escaping () -> Void) {
        self.give = give
        whenClosed = close
    }

    func send(_ packet: Data) {
        guard !isClosing, waiting.count < Self.most else { return }
        waiting.append(packet)
        next()
    }

    /// The stack has room again.
    func ready() {
        isBusy = false
        next()
    }

    func closeWhenEmpty() {
        isClosing = true
        next()
    }

    private func next() {
        while !isBusy, let packet = waiting.first {
            let answer = give(packet)
            if answer != .full { waiting.removeFirst() }
            isBusy = answer != .taken
        }
        if isClosing, waiting.isEmpty, !isBusy, !isClosed {
            isClosed = true
            whenClosed()
        }
    }
}
