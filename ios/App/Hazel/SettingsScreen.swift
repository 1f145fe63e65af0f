import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Settings: backup, errands, the site, checking everything again, taking the wallet off this phone.
struct SettingsScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    let hasRoot: Bool
    @State private var state = SettingsState(safeWord: Phrase("safe_word").text)
    @State private var mishap: Mishap?
    @State private var running: Audit?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            if hasRoot {
                NavigationLink(destination: { BackupScreen(holding: holding) }, label: { Label(Phrase("backup").text, systemImage: "lock.doc") })
            }
            NavigationLink(
                destination: { ErrandsScreen(holding: holding, tally: nil) },
                label: {
                    VStack(alignment: .leading, spacing: 2) {
                        Label(Phrase("errands").text, systemImage: "figure.walk")
                        Text(Phrase("errands_under").text).font(.footnote).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                })
            NavigationLink(
                destination: { SiteScreen(pocket: pocket, holding: holding) },
                label: {
                    VStack(alignment: .leading, spacing: 2) {
                        Label(Phrase("site").text, systemImage: "server.rack")
                        Text(Phrase("site_under").text).font(.footnote).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                })
            Section(Phrase("audit").text) {
                Text(Phrase("audit_why").text).font(.footnote)
                Button(Phrase("audit_now").text) { check() }.disabled(running != nil)
                if let running {
                    Text(Phrase("auditing").text)
                    Button(Phrase("audit_stop").text) { try? running.cancel() }
                }
                Waiting(state.audit)
                if let lines = state.audit.value { Lines(lines) }
                ForEach(state.findings, id: \.self) { Text($0).font(.footnote) }
            }
            Section(Phrase("wipe").text) {
                Text(Phrase("wipe_why", state.safeWord).text).font(.footnote)
                TextField(Phrase("wipe_field").text, text: $state.typed).accessibilityLabel(Phrase("wipe_field").text)
                Button(Phrase("wipe_now").text, role: .destructive) { wipe() }.disabled(!state.mayWipe)
            }
        }
        .navigationTitle(Phrase("settings").text)
        .everySecond { state.tick(now: $0) }
        // Everything else in the wallet waits for it: nobody looks at it any more.
        .onDisappear { try? running?.cancel() }
    }

    private func check() {
        state.begin(now: now())
        Task {
            do {
                let audit = try await holding.wallet.run { try $0.audit() }
                running = audit
                state.heard(try await offMain { try audit.run() })
            } catch {
                state.failed(error)
            }
            running = nil
        }
    }

    private func wipe() {
        Task {
            do {
                try await pocket.wipe()
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
