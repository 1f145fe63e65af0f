import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Both parties' devices on a tally, and letting in another of mine.
struct DevicesScreen: View {
    let holding: Holding
    let tally: String
    let hasRoot: Bool
    @State private var state: DevicesState?
    @State private var mishap: Mishap?
    @State private var revokes: DeviceRow?

    var body: some View {
        List {
            if let mishap { MishapText(mishap) }
            if let state {
                Section(Phrase("devices_mine").text) {
                    ForEach(state.mine) { row in
                        line(row)
                        if row.canBeginAnew { Button(Phrase("begin_anew").text) { act { try $0.renew(tally: tally) } } }
                        if row.canRevoke { Button(Phrase("device_revoke").text, role: .destructive) { revokes = row } }
                    }
                }
                Section(Phrase("devices_theirs").text) { ForEach(state.theirs) { line($0) } }
                Text(Phrase(state.canAdd ? "devices_add" : "devices_no_root").text).font(.footnote)
            }
        }
        .navigationTitle(Phrase("devices").text)
        .confirmationDialog(
            Phrase("device_revoke_sure").text, isPresented: Binding(get: { revokes != nil }, set: { if !$0 { revokes = nil } }),
            titleVisibility: .visible
        ) {
            if let row = revokes {
                Button(Phrase("device_revoke").text, role: .destructive) { act { _ = try $0.revokeDevice(device: row.number) } }
            }
        }
        .task { await read() }
    }

    private func line(_ row: DeviceRow) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(row.title.text)
            Text(row.note.text).font(.footnote).monospacedDigit().foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }

    private func read() async {
        do {
            let devices = try await holding.wallet.run { [tally] in try $0.devices(tally: tally) }
            state = DevicesState(devices, hasRoot: hasRoot)
        } catch {
            mishap = Mishap(error)
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
            await read()
        }
    }
}
