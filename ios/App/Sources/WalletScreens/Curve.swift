import HazelBridge

/// A running balance as a line of steps, in a box of 1 by 1, with zero somewhere in it. Balances are signed chit by chit, so they step.
public struct Curve: Equatable, Sendable {
    public struct Point: Equatable, Sendable {
        public let x: Double
        /// 0 is the top.
        public let y: Double
    }

    public let steps: [Point]
    /// Where nobody owes anybody.
    public let zero: Double
    /// The same for whoever does not see it: from when it was lowest to when it was highest.
    public let spoken: Phrase

    /// From chits, newest first. None of fewer than two: there is no line to be seen.
    public init?(_ chits: [ChitLine]) {
        let old = Array(chits.reversed())
        guard old.count > 1, let first = old.first, let last = old.last else { return nil }
        let balances = old.map(\.balance)
        let lowest = min(0, balances.min() ?? 0)
        let highest = max(0, balances.max() ?? 0)
        // In floating point from here on: this is a picture, no money.
        let height = max(Double(highest) - Double(lowest), 1)
        func y(_ balance: Int64) -> Double { (Double(highest) - Double(balance)) / height }
        // Dates are their signers' word and may go back; places do not.
        let width = Double(old.count - 1)
        var steps: [Point] = []
        var before = y(first.balance)
        for (no, chit) in old.enumerated() {
            let x = Double(no) / width
            let now = y(chit.balance)
            if no > 0 { steps.append(Point(x: x, y: before)) }
            steps.append(Point(x: x, y: now))
            before = now
        }
        self.steps = steps
        zero = y(0)
        spoken = Phrase(
            "curve_spoken", amount(first.balance), amount(last.balance), amount(lowest), amount(highest))
    }
}
