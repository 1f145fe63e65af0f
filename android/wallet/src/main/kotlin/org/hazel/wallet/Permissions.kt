package org.hazel.wallet

import android.Manifest.permission
import android.bluetooth.BluetoothAdapter
import android.bluetooth.BluetoothManager
import android.content.Context
import android.content.pm.PackageManager
import android.location.LocationManager
import android.os.Build
import android.os.PowerManager

/** What keeps two phones from meeting, most urgent first. Each has one remedy, which the app offers. */
enum class Blocker { NO_RADIO, NOT_PERMITTED, SWITCHED_OFF, LOCATION_OFF, CANNOT_ADVERTISE, SAVING_POWER }

/** What a phone says of itself; apart from the phone, so that the rules over it can be tested anywhere. */
data class Circumstances(
    val sdk: Int,
    val hasRadio: Boolean,
    val missing: List<String>,
    val isOn: Boolean,
    val locationIsOn: Boolean,
    val canAdvertise: Boolean,
    val savesPower: Boolean,
) {
    /** What is in the way. Without a permission nothing further can be known. */
    fun blockers(): List<Blocker> = when {
        !hasRadio -> listOf(Blocker.NO_RADIO)
        missing.isNotEmpty() -> listOf(Blocker.NOT_PERMITTED)
        !isOn -> listOf(Blocker.SWITCHED_OFF)
        else -> buildList {
            // Until Android 11 a scan finds nothing, and says nothing, while location is switched off.
            if (sdk < Build.VERSION_CODES.S && !locationIsOn) add(Blocker.LOCATION_OFF)
            // Such a phone can still be the one that calls.
            if (!canAdvertise) add(Blocker.CANNOT_ADVERTISE)
            if (savesPower) add(Blocker.SAVING_POWER)
        }
    }
}

/** What this generation of Android wants the person to allow before two phones can meet. */
fun permissionsFor(sdk: Int): List<String> = when {
    sdk >= Build.VERSION_CODES.S ->
        listOf(permission.BLUETOOTH_SCAN, permission.BLUETOOTH_CONNECT, permission.BLUETOOTH_ADVERTISE)
    else -> listOf(permission.ACCESS_FINE_LOCATION)
}

/** Asks the phone. Never asks the person. */
fun circumstances(context: Context): Circumstances {
    val sdk = Build.VERSION.SDK_INT
    val missing = permissionsFor(sdk).filter { context.checkSelfPermission(it) != PackageManager.PERMISSION_GRANTED }
    val adapter: BluetoothAdapter? = context.getSystemService(BluetoothManager::class.java)?.adapter
    val isOn = missing.isEmpty() && adapter?.isEnabled == true
    val location = context.getSystemService(LocationManager::class.java)
    return Circumstances(
        sdk = sdk,
        hasRadio = adapter != null && context.packageManager.hasSystemFeature(PackageManager.FEATURE_BLUETOOTH_LE),
        missing = missing,
        isOn = isOn,
        locationIsOn = location?.let { it.isProviderEnabled(LocationManager.GPS_PROVIDER) || it.isProviderEnabled(LocationManager.NETWORK_PROVIDER) } == true,
        canAdvertise = isOn && adapter?.bluetoothLeAdvertiser != null,
        savesPower = context.getSystemService(PowerManager::class.java)?.isPowerSaveMode == true,
    )
}
