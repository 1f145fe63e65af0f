import Foundation
import HazelBridge

/// A code over the whole screen: squares to be drawn black on white in any mode, and where a moving one is.
public struct CodeState: Sendable {
    /// Four a second are read by nearly every camera.
    public static let frameMilliseconds = 250

    public let title: Phrase
    /// What may be given on as a link: the same as in the picture.
    public let link: String?
    public private(set) var modules: Modules
    private let show: Show
    public let isMoving: Bool

    /// `host` is where your app's links lead.
    public init(_ code: Code, title: Phrase, host: String? = nil) throws {
        show = try Show(code: code.bytes)
        isMoving = try show.frames() > 1
        modules = try show.next()
        self.title = title
        link = try? linkOf(code: code.bytes, host: host)
    }

    /// The next frame of a moving code.
    public mutating func step() throws {
        if isMoving { modules = try show.next() }
    }

    /// Which frame of how many; none for a still picture.
    public var progress: Phrase? {
        isMoving ? Phrase("frame_of", "\(min(modules.frame, modules.of))", "\(modules.of)") : nil
    }

    /// Squares along one side with the white around, which belongs to the code.
    public var side: Int { Int(modules.side) + 2 * Int(modules.quiet) }

    /// Whether a square is black, counted with the white around. Outside of the code all is white.
    public func isDark(_ column: Int, _ row: Int) -> Bool {
        let (quiet, side) = (Int(modules.quiet), Int(modules.side))
        let (x, y) = (column - quiet, row - quiet)
        guard (0..<side).contains(x), (0..<side).contains(y) else { return false }
        return modules.dark[modules.dark.startIndex + y * side + x] == 1
    }

    /// Runs of black squares in a row, as (from, length): a few hundred rectangles instead of thousands.
    public func runs(_ row: Int) -> [(from: Int, length: Int)] {
        var found: [(from: Int, length: Int)] = []
        var from: Int?
        for column in 0...side {
            let dark = column < side && isDark(column, row)
            if dark, from == nil { from = column }
            if !dark, let start = from {
                found.append((start, column - start))
                from = nil
            }
        }
        return found
    }
}
