// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Stands at Arc's system address
/// @notice Where Arc itself logs each movement of the native coin, in 18 decimals (EIP-7708).
contract SystemEmitter {
    address private constant USDC = 0x3600000000000000000000000000000000000000;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function log(address from, address to, uint256 value) external {
        require(msg.sender == USDC, "Invalid caller");
        emit Transfer(from, to, value);
    }
}
