import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// One tally: the balance, its way there, what is asked for, each chit with what is true of it.
struct TallyScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    let tally: String
    let partner: String
    let hasRoot: Bool
    @State private var state: TallyState?
    @State private var mishap: Mishap?
    @State private var shown: CodeState?

    var body: some View {
        List {
            if let mishap { MishapText(mishap) }
            if let state {
                Section {
                    AmountText(amount: state.amount, direction: state.direction)
                    if let note = state.note { Text(note.text) }
                    if let curve = state.curve { CurvePicture(curve: curve) }
                    Lines(state.limits)
                    Text(state.largest.text)
                    if let worst = state.worst { Text(worst.text) }
                }
                verbs(state)
                if !state.invoices.isEmpty { invoices(state) }
                Section(Phrase("tally_chits").text) {
                    ForEach(state.chits) { chit in
                        ChitLines(chit: chit)
                        if chit.canAccept {
                            Button(Phrase("accept_payment").text) { act { _ = try $0.acceptPledge(tally: tally, chit: chit.id) } }
                        }
                        if chit.title == Phrase("chit_by_you") {
                            Button(Phrase("show_payment").text) { show(chit) }
                        }
                    }
                }
                Text(Phrase("fingerprint", state.fingerprint).text).font(.footnote).monospacedDigit()
            }
        }
        .navigationTitle(partner)
        .fullScreenCover(isPresented: Binding(get: { shown != nil }, set: { if !$0 { shown = nil } })) {
            if let shown { CodeScreen(state: shown) }
        }
        .task {
            do {
                for try await page in holding.wallet.tally(tally) { state = TallyState(page) }
            } catch {
                mishap = Mishap(error)
            }
        }
    }

    private func verbs(_ state: TallyState) -> some View {
        Section {
            if state.canPay {
                NavigationLink(
                    destination: { PayScreen(holding: holding, tally: tally, invoice: nil) },
                    label: { Label(Phrase("pay").text, systemImage: "arrow.up.circle") })
            }
            if state.canAsk {
                NavigationLink(
                    destination: { AskScreen(holding: holding, tally: tally, partner: partner) },
                    label: { Label(Phrase("ask").text, systemImage: "arrow.down.circle") })
            }
            NavigationLink(
                destination: { MeetScreen(pocket: pocket, holding: holding, tally: tally, partner: partner) },
                label: { Label(Phrase("meet").text, systemImage: "antenna.radiowaves.left.and.right") })
            NavigationLink(
                destination: { ErrandsScreen(holding: holding, tally: tally) },
                label: { Label(Phrase("errand_send").text, systemImage: "figure.walk") })
            NavigationLink(
                destination: { HistoryScreen(holding: holding, tally: tally, partner: partner) },
                label: { Label(Phrase("history").text, systemImage: "clock") })
            NavigationLink(
                destination: { DevicesScreen(holding: holding, tally: tally, hasRoot: hasRoot) },
                label: { Label(Phrase("devices").text, systemImage: "iphone") })
        }
    }

    private func invoices(_ state: TallyState) -> some View {
        Section(Phrase("tally_invoices").text) {
            ForEach(state.invoices) { invoice in
                NavigationLink(
                    destination: { PayScreen(holding: holding, tally: tally, invoice: invoice.id) },
                    label: {
                        VStack(alignment: .leading, spacing: 2) {
                            Text(invoice.title.text)
                            Text(invoice.amount).monospacedDigit()
                            Text(invoice.memo).font(.footnote)
                        }
                        .accessibilityElement(children: .combine)
                    }
                )
                .disabled(invoice.isMine)
                Button(Phrase(invoice.isMine ? "withdraw" : "decline").text) {
                    act { if invoice.isMine { try $0.withdraw(invoice: invoice.id) } else { try $0.decline(invoice: invoice.id) } }
                }
            }
        }
    }

    private func show(_ chit: ChitRow) {
        Task {
            do {
                let code = try await holding.wallet.run { try $0.paymentCode(tally: tally, chit: chit.id) }
                shown = try CodeState(code, title: Phrase("code_payment", chit.amount ?? ""), host: Pocket.host)
            } catch {
                mishap = Mishap(error)
            }
        }
    }

    private func act(_ verb: @escaping @Sendable (Wallet) throws -> Void) {
        Task {
            do {
                try await holding.wallet.run(verb)
                mishap = nil
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}

/// A chit and its facets.
struct ChitLines: View {
    let chit: ChitRow

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            HStack {
                Text(chit.title.text)
                Spacer()
                if let amount = chit.amount { Text(amount).monospacedDigit() }
            }
            if !chit.memo.isEmpty { Text(chit.memo) }
            Text(day(chit.date)).font(.footnote).foregroundStyle(.secondary)
            ForEach(chit.facets, id: \.self) { facet in
                Label(facet.text.text, systemImage: facet.isReached ? "checkmark.circle.fill" : "circle")
                    .font(.footnote)
                    .accessibilityLabel(Phrase(facet.isReached ? "facet_yes" : "facet_no", facet.text.text).text)
            }
            if let note = chit.note { Text(note.text).font(.footnote) }
            Text(chit.balance.text).font(.footnote).monospacedDigit().foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }
}

/// The running balance. In the system's colours, light or dark.
struct CurvePicture: View {
    let curve: Curve

    var body: some View {
        Canvas { context, size in
            var zero = Path()
            zero.move(to: CGPoint(x: 0, y: curve.zero * size.height))
            zero.addLine(to: CGPoint(x: size.width, y: curve.zero * size.height))
            context.stroke(zero, with: .color(.secondary), lineWidth: 1)
            var line = Path()
            for (no, step) in curve.steps.enumerated() {
                let point = CGPoint(x: step.x * size.width, y: step.y * size.height)
                if no == 0 { line.move(to: point) } else { line.addLine(to: point) }
            }
            context.stroke(line, with: .color(.accentColor), lineWidth: 2)
        }
        .frame(height: 120)
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(curve.spoken.text)
    }
}
