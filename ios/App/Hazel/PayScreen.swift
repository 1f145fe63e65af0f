import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Paying: an amount, what it would mean, yes; then the code for the other phone.
struct PayScreen: View {
    let holding: Holding
    let tally: String
    /// The invoice that is answered, if one is.
    let invoice: String?
    @State private var state: PayState?
    @State private var mishap: Mishap?
    @State private var shown: CodeState?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            if let state {
                Section(Phrase("pay_to", state.partner).text) {
                    TextField(Phrase("amount").text, text: Binding(get: { state.typed }, set: { type($0) }))
                        .font(.title)
                        .monospacedDigit()
                        .amountKeys()
                        .disabled(state.invoice != nil)
                        .accessibilityLabel(Phrase("amount").text)
                    if state.isNonsense { Text(Phrase("amount_nonsense").text) }
                    TextField(Phrase("memo").text, text: Binding(get: { state.memo }, set: { self.state?.memo = $0 }))
                        .accessibilityLabel(Phrase("memo").text)
                }
                Section {
                    if let meaning = state.meaning { Text(meaning.text).monospacedDigit() }
                    if let obstacle = state.obstacle { MishapText(obstacle) }
                    if state.canInsist {
                        Toggle(Phrase("insist").text, isOn: Binding(get: { state.insists }, set: { self.state?.insists = $0 }))
                    }
                    Button(Phrase("pay_now").text) { pay() }.disabled(state.payment == nil)
                    Waiting(state.outcome)
                    if let chit = state.outcome.value {
                        Text(Phrase("paid").text)
                        Button(Phrase("show_payment").text) { show(chit) }
                    }
                }
            }
        }
        .navigationTitle(Phrase("pay").text)
        .fullScreenCover(isPresented: Binding(get: { shown != nil }, set: { if !$0 { shown = nil } })) {
            if let shown { CodeScreen(state: shown) }
        }
        .task { await begin() }
        .everySecond { state?.tick(now: $0) }
    }

    private func begin() async {
        do {
            let (name, line, went) = try await holding.wallet.run { [tally, invoice] wallet in
                // What the next signature needs is made while the person types.
                try wallet.makeReady(tally: tally)
                let name = try wallet.tally(tally: tally, page: PageOf(most: 1)).tally.partner
                return (name, try invoice.map { try wallet.invoice(invoice: $0) }, try invoice.map { try wallet.wentFor(invoice: $0) })
            }
            state = PayState(tally: tally, partner: name, invoice: line)
            // The app may have been ended after it signed: that is asked, and never signed again.
            if let went { state?.learn(went) }
            await quote()
        } catch {
            mishap = Mishap(error)
        }
    }

    private func type(_ text: String) {
        state?.type(text)
        Task { await quote() }
    }

    private func quote() async {
        guard let units = state?.units else { return }
        do {
            let quote = try await holding.wallet.run { [tally] in try $0.quote(tally: tally, units: units) }
            state?.hear(quote, for: units)
        } catch {
            mishap = Mishap(error)
        }
    }

    private func pay() {
        guard let payment = state?.payment else { return }
        state?.sign(now: now())
        Task {
            do {
                state?.signed(try await holding.wallet.run { [tally] in try $0.pay(tally: tally, payment: payment) })
            } catch {
                state?.failed(error)
            }
        }
    }

    private func show(_ chit: String) {
        Task {
            do {
                let code = try await holding.wallet.run { [tally] in try $0.paymentCode(tally: tally, chit: chit) }
                shown = try CodeState(code, title: Phrase("code_payment", state?.typed ?? ""), host: Pocket.host)
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}

extension View {
    /// Figures and a point.
    func amountKeys() -> some View {
        #if os(iOS)
            keyboardType(.decimalPad)
        #else
            self
        #endif
    }
}
